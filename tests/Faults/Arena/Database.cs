using Npgsql;
using Servers;
using Servers.Native;

namespace Faults;

/// <summary>The database of the service, seen by its superuser and past every proxy.</summary>
internal sealed class Database(NativePostgres server)
{
    /// <summary>The role of the service, which owns the tables and nothing else.</summary>
    public const string Role = "service";

    private const string Name = "orders";

    public NativePostgres Server => server;

    /// <summary>The service's connection string, by way of a proxy.</summary>
    public string ServiceAddress(int port) =>
        new NpgsqlConnectionStringBuilder(server.ConnectionString(Name)) { Port = port, Username = Role }.ConnectionString;

    /// <summary>Creates role, database, tables and stock, and the ledger that watches them.</summary>
    public async Task PrepareAsync(ServiceBuild build, CancellationToken cancellationToken)
    {
        var password = new NpgsqlConnectionStringBuilder(server.ConnectionString(Name)).Password;
        await using (var maintenance = await OpenAsync(cancellationToken, "postgres"))
        {
            await ExecuteAsync(maintenance, $"CREATE ROLE {Role} LOGIN PASSWORD '{password}'", cancellationToken);
            await ExecuteAsync(maintenance, $"CREATE DATABASE {Name} OWNER {Role}", cancellationToken);
        }

        var migrated = await Command.RunAsync(
            build.Migrations, ["--fill-stock"], TimeSpan.FromMinutes(2), cancellationToken,
            new Dictionary<string, string> { ["ConnectionStrings__Postgres"] = ServiceAddress(server.Port) });
        if (!migrated.Succeeded)
        {
            throw new ServersException($"The migrations failed:\n{migrated.Output}{migrated.Error}");
        }

        await ExecuteAsync(LedgerSql.Create, cancellationToken);
    }

    /// <summary>A connection of its own, never pooled: faults end sessions and restart the server.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken, string database = Name)
    {
        var address = new NpgsqlConnectionStringBuilder(server.ConnectionString(database))
        {
            Pooling = false,
            ApplicationName = "faults",
            CommandTimeout = 120,
            Timeout = 5,
        };
        var connection = new NpgsqlConnection(address.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await ExecuteAsync(connection, sql, cancellationToken);
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<T?> ScalarAsync<T>(string sql, CancellationToken cancellationToken, params (string Name, object Value)[] parameters)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return await command.ExecuteScalarAsync(cancellationToken) is T answer ? answer : default;
    }

    /// <summary>Ends sessions of the service; returns how many.</summary>
    public async Task<long> TerminateSessionsAsync(CancellationToken cancellationToken) => await ScalarAsync<long>(
        $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{Role}'", cancellationToken);
}
