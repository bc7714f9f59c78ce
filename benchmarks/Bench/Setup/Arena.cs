using System.Globalization;
using Npgsql;
using RabbitMQ.Client;
using Servers.Native;

namespace Bench.Setup;

/// <summary>The private servers of a run, with durable settings.</summary>
internal sealed class Arena : IAsyncDisposable
{
    // What any production server has been given: with the defaults of initdb, checkpoints every few seconds would be measured.
    private static readonly Dictionary<string, string> PostgresSettings = new()
    {
        ["shared_buffers"] = "512MB",
        ["max_wal_size"] = "4GB",
    };

    private readonly NativeServers _servers;
    private int _databases;

    private Arena(NativeServers servers) => _servers = servers;

    /// <summary>What the figures were measured on.</summary>
    public string Machine => string.Create(
        CultureInfo.InvariantCulture,
        $"{Environment.ProcessorCount} cores, .NET {Environment.Version}, {_servers.Versions}, all on one machine; fsync on, 500-byte bodies");

    public NativeRabbitMq RabbitMq => _servers.RabbitMq;

    public int BrokerProcess => _servers.RabbitMq.ProcessId ?? throw new BenchException("RabbitMQ has ended.");

    public int DatabaseProcess => _servers.Postgres.ProcessId ?? throw new BenchException("PostgreSQL has ended.");

    public static async Task<Arena> StartAsync(CancellationToken cancellationToken)
    {
        Run.Progress("Starting PostgreSQL and RabbitMQ ...");
        return new Arena(await NativeServers.StartAsync(new NativeOptions { PostgresSettings = PostgresSettings }, cancellationToken));
    }

    /// <summary>An empty database of its own.</summary>
    public async Task<Database> NewDatabaseAsync()
    {
        var name = $"bench_{++_databases}";
        var server = _servers.Postgres.ConnectionString("postgres");
        await using (var connection = new NpgsqlConnection(server))
        {
            await connection.OpenAsync();
            await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
            await create.ExecuteNonQueryAsync();
        }

        return new Database(server, name);
    }

    /// <summary>A connection without the client's own recovery, which would hide what happens.</summary>
    public Task<IConnection> ConnectAsync() =>
        new ConnectionFactory { Uri = new Uri(RabbitMq.Uri), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();

    public ValueTask DisposeAsync() => _servers.DisposeAsync();
}
