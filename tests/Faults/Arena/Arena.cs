using Servers.Native;

namespace Faults;

/// <summary>Where cases are played: private servers with durable settings, the service as processes of their own, a proxy
/// between each process and each server, and the tap. Everything ends with this process, however that ends.</summary>
internal sealed class Arena : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(2);

    private readonly NativeServers _servers;

    private Arena(NativeServers servers, string directory)
    {
        _servers = servers;
        Directory = directory;
        Database = new Database(servers.Postgres);
        Broker = new Broker(servers.Cluster);
        Tap = new Tap(Broker, Path.Combine(directory, "tap.jsonl"));
    }

    /// <summary>Where logs and histories are written.</summary>
    public string Directory { get; }

    public string Versions => _servers.Versions;

    public Database Database { get; }

    public Broker Broker { get; }

    public Tap Tap { get; }

    public Fleet Fleet { get; private set; } = null!;

    /// <summary>Where the tables stood when the last case was judged: what happens between two cases is judged with the later one. Null
    /// before the first.</summary>
    public Baseline? Judged { get; set; }

    /// <summary>Starts servers and service, and returns when all of it is ready.</summary>
    /// <param name="build">What is played with.</param>
    /// <param name="directory">Where logs and histories are written.</param>
    /// <param name="brokerNodes">How many nodes the broker has.</param>
    /// <param name="cancellationToken">Ends the start; everything that was started is stopped.</param>
    public static async Task<Arena> StartAsync(ServiceBuild build, string directory, int brokerNodes, CancellationToken cancellationToken)
    {
        var options = new NativeOptions
        {
            RabbitMqNodes = brokerNodes,
            RabbitMqSettings = ["collect_statistics_interval = 1000", "log.file.level = warning"],
            // Restarted again and again: what is to be recovered each time stays small.
            PostgresSettings = new Dictionary<string, string> { ["checkpoint_timeout"] = "60s" },
        };
        var arena = new Arena(await NativeServers.StartAsync(options, cancellationToken), directory);
        try
        {
            await arena.Database.PrepareAsync(build, cancellationToken);
            await arena.Broker.PrepareAsync(cancellationToken);
            await arena.Tap.StartAsync(cancellationToken);
            arena.Fleet = Fleet.Start(build, arena.Database, arena.Broker, directory);
            await arena.Fleet.WaitUntilReadyAsync(StartDeadline, cancellationToken);
            return arena;
        }
        catch
        {
            await arena.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Fleet is not null)
        {
            await Fleet.DisposeAsync();
        }

        await Tap.DisposeAsync();
        Broker.Dispose();
        await _servers.DisposeAsync();
    }
}
