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
        var ports = FreePorts.Find(NativeRabbitMq.Ports + 1);
        _directory = directory;
        Postgres = new NativePostgres(directory, installed, ports[^1], options);
        RabbitMq = new NativeRabbitMq(directory, installed, ports, options.RabbitMqSettings);
        Versions = $"PostgreSQL {installed.PostgresVersion}, RabbitMQ {installed.RabbitMqVersion}";
    }

    /// <summary>The database server.</summary>
    public NativePostgres Postgres { get; }

    /// <summary>The broker.</summary>
    public NativeRabbitMq RabbitMq { get; }

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
            await Task.WhenAll(servers.Postgres.StartAsync(cancellationToken), servers.RabbitMq.StartAsync(cancellationToken));
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
            await Task.WhenAll(_directory.IsKept ? Postgres.StopAsync() : Postgres.StopImmediatelyAsync(), RabbitMq.EndAsync());
            _directory.Dispose();
        }
    }
}
