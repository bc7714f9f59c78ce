using Messaging;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Outbox;

namespace OrderService.Database;

/// <summary>Registers the database of <c>ConnectionStrings:Postgres</c>.</summary>
internal static class ServiceDatabase
{
    public const string Setting = "ConnectionStrings:Postgres";

    /// <summary>Adds a pool of contexts over one pool of connections, its health check "database", the look at what it
    /// promises, and the answer to requests that fail because of it. Nothing is connected yet.</summary>
    /// <exception cref="SettingsException">The connection string is missing or not understood.</exception>
    public static void AddDatabase<TContext>(this WebApplicationBuilder builder)
        where TContext : DbContext
    {
        var address = ReadAddress(builder.Configuration[Setting]);
        builder.Services.AddSingleton(_ => NpgsqlDataSource.Create(address));
        builder.Services.AddDbContextPool<TContext>((services, options) => options
            .UseNpgsql(services.GetRequiredService<NpgsqlDataSource>())
            .UseOutbox(services.GetRequiredService<OutboxOptions>()));
        builder.Services.AddHealthChecks().AddCheck<DatabaseCheck<TContext>>("database", timeout: TimeSpan.FromSeconds(2));
        builder.Services.AddExceptionHandler<DatabaseTrouble>();
        builder.Services.AddHostedService<UnfitDatabase>();
    }

    private static NpgsqlConnectionStringBuilder ReadAddress(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            throw new SettingsException($"{Setting} is not set: it must be an Npgsql connection string, such as Host=…;Database=…;Username=…");
        }

        try
        {
            var address = new NpgsqlConnectionStringBuilder(value);
            // A request at its deadline waits this long for the server to confirm that the command was given up.
            address.CancellationTimeout = Math.Min(address.CancellationTimeout, 1_000);
            if (!address.ShouldSerialize("Maximum Pool Size"))
            {
                // PostgreSQL has 100 unless told otherwise. A burst of requests must leave some to the relay, the consumers
                // and the other processes.
                address.MaxPoolSize = 50;
            }

            if (!address.ShouldSerialize("Max Auto Prepare"))
            {
                // The service runs the same few statements for ever: the server parses and plans each once a connection.
                address.MaxAutoPrepare = 50;
            }

            return address;
        }
        catch (ArgumentException fault)
        {
            // The value itself may hold a password; the parser's message names the keyword only.
            throw new SettingsException($"{Setting} is not understood: {fault.Message}");
        }
    }
}
