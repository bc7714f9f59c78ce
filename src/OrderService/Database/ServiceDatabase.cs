using System.Net;
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
    /// promises, and the answer to requests that fail because of it. Reserves a thread for each connection. Nothing is connected yet.</summary>
    /// <exception cref="SettingsException">The connection string is missing, not understood, or not one that the service can work with.</exception>
    public static void AddDatabase<TContext>(this WebApplicationBuilder builder)
        where TContext : DbContext
    {
        var database = Read(builder.Configuration[Setting]);
        ReserveThreads(new NpgsqlConnectionStringBuilder(database.ConnectionString).MaxPoolSize);
        // By a factory: what that makes is disposed of with the services.
        builder.Services.AddSingleton(_ => database);
        builder.Services.AddDbContextPool<TContext>((services, options) => options
            .UseNpgsql(services.GetRequiredService<NpgsqlDataSource>())
            .UseOutbox(services.GetRequiredService<OutboxOptions>()));
        builder.Services.AddHealthChecks().AddCheck<DatabaseCheck<TContext>>("database", timeout: DatabaseCheck<TContext>.Bound);
        builder.Services.AddExceptionHandler<DatabaseTrouble>();
        builder.Services.AddHostedService<UnfitDatabase>();
    }

    /// <summary>Bounds what requests ask of the database. After the routing.</summary>
    public static void UseDatabase<TContext>(this WebApplication app)
        where TContext : DbContext => app.UseMiddleware<RequestCommands<TContext>>();

    /// <summary>Asking a server that has fallen silent to cancel a command blocks a thread of the process's pool in Npgsql until it times
    /// out. The pool begins with a thread for each core, and adds two a second: while it grows, nothing else would be answered, not even
    /// whether the process lives.</summary>
    private static void ReserveThreads(int connections)
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + connections), completions);
    }

    private static NpgsqlDataSource Read(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            throw new SettingsException($"{SettingName.OfKey(Setting)} is not set: it must be an Npgsql connection string, such as Host=…;Database=…;Username=…");
        }

        try
        {
            var address = new NpgsqlConnectionStringBuilder(value);
            // A request at its deadline waits this long for the server to confirm that the command was given up; 0 would be for ever.
            address.CancellationTimeout = address.CancellationTimeout is 0 or > 1_000 ? 1_000 : address.CancellationTimeout;
            if (!address.ShouldSerialize("Timeout"))
            {
                // Npgsql has 15 s, longer than any request waits for a connection. And it waits this long, in vain, to ask a server
                // that has fallen silent to cancel a command.
                address.Timeout = 3;
            }

            if (!address.ShouldSerialize("GSS Encryption Mode"))
            {
                // Asked for first and in vain where there is no Kerberos: a silent server would be waited for twice.
                address.GssEncryptionMode = GssEncryptionMode.Disable;
            }

            if (!address.ShouldSerialize("Maximum Pool Size"))
            {
                // PostgreSQL has 100 unless told otherwise. A burst of requests must leave some to the relay, the consumers
                // and the other processes.
                address.MaxPoolSize = Math.Max(50, address.MinPoolSize);
            }

            // Where a role or a database ends the idle sessions of everybody, the pool would learn of it only when the next request, or the
            // health check, is given one of them. What is said otherwise has the last word: the variable counts for Npgsql where the
            // connection string says nothing, and may choose the schema.
            address.Options = $"-c idle_session_timeout=0 {address.Options ?? Environment.GetEnvironmentVariable("PGOPTIONS")}".TrimEnd();

            if (!address.ShouldSerialize("Max Auto Prepare"))
            {
                // The service runs the same few statements for ever: the server parses and plans each once a connection.
                address.MaxAutoPrepare = 50;
            }

            if (address.Multiplexing)
            {
                throw new SettingsException($"{SettingName.OfKey(Setting)} has Multiplexing=true: it must be false, since a transaction needs a connection of its own.");
            }

            if (address.Port > IPEndPoint.MaxPort)
            {
                // Npgsql lets it pass until it connects, and fails then with what no role takes for a database that is away.
                throw new SettingsException($"{SettingName.OfKey(Setting)} has Port={address.Port}: it must be from 1 to {IPEndPoint.MaxPort}.");
            }

            return NpgsqlDataSource.Create(address);
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException or InvalidOperationException or FormatException or OverflowException)
        {
            // The value itself may hold a password; the parser's message names the keyword only.
            throw new SettingsException($"{SettingName.OfKey(Setting)} is not understood: {fault.Message}");
        }
    }
}
