namespace Servers.Native;

/// <summary>How private servers are set up.</summary>
public sealed record NativeOptions
{
    /// <summary>The name under which data is kept for the next start; null starts empty and deletes everything at the end.</summary>
    public string? KeepAs { get; init; }

    /// <summary>More PostgreSQL settings. Those that make it durable cannot be changed.</summary>
    public IReadOnlyDictionary<string, string> PostgresSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>Runs PostgreSQL without fsync: only for the tests of those who refuse such a server.</summary>
    public bool PostgresLosesData { get; init; }

    /// <summary>How many nodes of RabbitMQ form one cluster; 1 unless set.</summary>
    public int RabbitMqNodes { get; init; } = 1;

    /// <summary>More lines of rabbitmq.conf.</summary>
    public IReadOnlyList<string> RabbitMqSettings { get; init; } = [];
}

/// <summary>Private instances of the machine's own PostgreSQL and RabbitMQ. They listen on loopback only, keep what they
/// confirm, and end with this process. Whoever stops, kills or restarts servers uses these.</summary>
public sealed class NativeServers : IAsyncDisposable
{
    private readonly PrivateDirectory _directory;
    private bool _ended;

    private NativeServers(PrivateDirectory directory, InstalledServers installed, NativeOptions options)
    {
        _directory = directory;
        Postgres = new NativePostgres(directory, installed, FreePorts.Find(1)[0], options);
        Cluster = NativeRabbitMq.Cluster(directory, installed, options);
        Versions = $"PostgreSQL {installed.PostgresVersion}, RabbitMQ {installed.RabbitMqVersion}";
    }

    /// <summary>The database server.</summary>
    public NativePostgres Postgres { get; }

    /// <summary>The broker; the first node of a cluster.</summary>
    public NativeRabbitMq RabbitMq => Cluster[0];

    /// <summary>All nodes of the broker.</summary>
    public IReadOnlyList<NativeRabbitMq> Cluster { get; }

    /// <summary>Which versions run.</summary>
    public string Versions { get; }

    /// <summary>Starts both and returns when both answer. Missing Debian or Ubuntu packages are installed where that is
    /// permitted.</summary>
    /// <exception cref="ServersException">They are not installed and cannot be, or did not come up.</exception>
    public static async Task<NativeServers> StartAsync(NativeOptions options, CancellationToken cancellationToken)
    {
        var installed = await DebianPackages.EnsureInstalledAsync(cancellationToken);
        // Data of another version is left alone: neither server reads what a different generation wrote.
        var name = options.KeepAs is null
            ? null
            : $"{options.KeepAs}-postgres{installed.PostgresVersion.Major}-rabbitmq{installed.RabbitMqVersion}";
        var servers = new NativeServers(await PrivateDirectory.TakeAsync(name, cancellationToken), installed, options);
        try
        {
            // All nodes at once: some versions wait for the others before they form the cluster.
            await Task.WhenAll([servers.Postgres.StartAsync(cancellationToken), .. servers.Cluster.Select(node => node.StartAsync(cancellationToken))]);
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>The two as a pair that ends with these servers.</summary>
    public ServerPair Pair() =>
        new($"private servers of this machine ({Versions})", Postgres.ConnectionString("postgres"), RabbitMq.Uri, RabbitMq.Management)
        {
            Stop = DisposeAsync,
        };

    /// <summary>Stops both and frees their directory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_ended)
        {
            _ended = true;
            await Task.WhenAll([_directory.IsKept ? Postgres.StopAsync() : Postgres.StopImmediatelyAsync(), .. Cluster.Select(node => node.EndAsync())]);
            _directory.Dispose();
        }
    }
}
