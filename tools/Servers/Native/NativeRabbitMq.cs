using System.Globalization;

namespace Servers.Native;

/// <summary>A private RabbitMQ node on loopback ports, with its own epmd and cookie, that can be stopped, killed and
/// started again.</summary>
public sealed class NativeRabbitMq
{
    private const string User = "guest";
    private const string Loopback = "127.0.0.1";
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(2);

    private readonly PrivateDirectory _directory;
    private readonly string _bin;
    private readonly IReadOnlyList<string> _settings;
    private readonly int _distributionPort;
    private readonly int _epmdPort;
    private readonly int _managementPort;
    private ChildProcess? _epmd;
    private ChildProcess? _node;

    internal NativeRabbitMq(PrivateDirectory directory, InstalledServers installed, ReadOnlySpan<int> ports, IReadOnlyList<string> settings)
    {
        _directory = directory;
        _bin = installed.RabbitMqBin;
        _settings = settings;
        (Port, _distributionPort, _epmdPort, _managementPort) = (ports[0], ports[1], ports[2], ports[3]);
        Home = Path.Combine(directory.Path, "rabbitmq");
        LogFile = Path.Combine(Home, "log");
        OutputFile = Path.Combine(Home, "output");
    }

    /// <summary>How many ports a node needs.</summary>
    internal const int Ports = 4;

    /// <summary>The loopback port of AMQP; the same after a restart.</summary>
    public int Port { get; }

    /// <summary>The AMQP URI of the default virtual host.</summary>
    public string Uri => $"amqp://{User}:{_directory.Password()}@{Loopback}:{Port}";

    /// <summary>The management plugin's address, with user and password.</summary>
    public Uri Management => new($"http://{User}:{_directory.Password()}@{Loopback}:{_managementPort}/");

    /// <summary>The file the node writes its log to.</summary>
    public string LogFile { get; }

    /// <summary>The node's process id, or null while it is stopped.</summary>
    public int? ProcessId => _node is { HasExited: false } node ? node.Id : null;

    private string Home { get; }

    private string OutputFile { get; }

    /// <summary>Starts the node, and returns when it takes AMQP connections. Queues and messages of an earlier start are
    /// there again.</summary>
    /// <exception cref="ServersException">It did not come up within two minutes; the message ends with its log.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);

        // Ours, and in the foreground: one that the node starts by itself outlives it.
        if (_epmd is null or { HasExited: true })
        {
            _epmd = Start(Signal.Kill, "epmd", "-port", _epmdPort.ToString(CultureInfo.InvariantCulture), "-address", Loopback);
        }

        _node = Start(Signal.Terminate, Path.Combine(_bin, "rabbitmq-server"));
        await ServerStart.WaitAsync("RabbitMQ", _node, Answers.RabbitMqAsync, Uri, [OutputFile, LogFile], StartDeadline, cancellationToken);
    }

    /// <summary>Stops the node as an operator would; what it holds is kept.</summary>
    public async Task StopAsync()
    {
        if (_node is { } node)
        {
            await node.StopAsync(Signal.Terminate, TimeSpan.FromSeconds(30));
        }
    }

    /// <summary>Ends the node with SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_node is { } node)
        {
            await node.StopAsync(Signal.Kill, TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>Sends a signal to the node, such as <see cref="Signal.Stop"/> to freeze it.</summary>
    public void Send(Signal signal) => _node?.Send(signal);

    /// <summary>Runs rabbitmqctl against the node and returns what it printed. Takes a second or more.</summary>
    /// <exception cref="ServersException">It failed.</exception>
    public async Task<string> RabbitmqctlAsync(CancellationToken cancellationToken, params IReadOnlyList<string> arguments)
    {
        var (file, line) = ServerUser.As(ServerUser.RabbitMq, Path.Combine(_bin, "rabbitmqctl"), ["--quiet", .. arguments]);
        var result = await Command.RunAsync(file, line, TimeSpan.FromMinutes(1), cancellationToken, NodeEnvironment(), cleanEnvironment: true);
        return result.Succeeded
            ? result.Output
            : throw new ServersException($"rabbitmqctl {string.Join(' ', arguments)} failed: {result.Output}{result.Error}");
    }

    /// <summary>Stops the node and its epmd.</summary>
    internal async Task EndAsync()
    {
        // A directory that is deleted next need not be left in good order.
        await (_directory.IsKept ? StopAsync() : KillAsync());
        if (_epmd is { } epmd)
        {
            await epmd.StopAsync(Signal.Kill, TimeSpan.FromSeconds(5));
        }
    }

    private ChildProcess Start(Signal whenOrphaned, string file, params IReadOnlyList<string> arguments) =>
        _directory.Record(ChildProcess.Start(new ChildProgram(file, arguments)
        {
            Environment = NodeEnvironment(),
            CleanEnvironment = true,
            User = ServerUser.RabbitMq,
            LogFile = OutputFile,
            WhenOrphaned = whenOrphaned,
        }));

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.Combine(Home, "data"));
        await File.WriteAllTextAsync(Path.Combine(Home, "plugins"), "[rabbitmq_management].\n", cancellationToken);
        await File.WriteAllLinesAsync(
            Path.Combine(Home, "rabbitmq.conf"),
            [
                $"default_user = {User}",
                $"default_pass = {_directory.Password()}",
                $"management.tcp.ip = {Loopback}",
                $"management.tcp.port = {_managementPort}",
                .. _settings,
            ],
            cancellationToken);
        var cookie = Path.Combine(Home, ".erlang.cookie");
        if (!File.Exists(cookie))
        {
            await File.WriteAllTextAsync(cookie, Guid.NewGuid().ToString("N"), cancellationToken);
            // Erlang refuses a cookie that others can read.
            File.SetUnixFileMode(cookie, UnixFileMode.UserRead);
        }

        File.SetUnixFileMode(Home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await ServerUser.OwnAsync(Home, ServerUser.RabbitMq, cancellationToken);
    }

    private Dictionary<string, string> NodeEnvironment() => new()
    {
        ["HOME"] = Home,
        ["PATH"] = $"{_bin}:/usr/local/bin:/usr/bin:/bin",
        ["LC_ALL"] = "C.UTF-8",
        ["ERL_EPMD_PORT"] = _epmdPort.ToString(CultureInfo.InvariantCulture),
        ["ERL_EPMD_ADDRESS"] = Loopback,
        ["RABBITMQ_NODENAME"] = "rabbit@localhost",
        ["RABBITMQ_NODE_IP_ADDRESS"] = Loopback,
        ["RABBITMQ_NODE_PORT"] = Port.ToString(CultureInfo.InvariantCulture),
        ["RABBITMQ_DIST_PORT"] = _distributionPort.ToString(CultureInfo.InvariantCulture),
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(Home, "data"),
        ["RABBITMQ_LOG_BASE"] = Home,
        ["RABBITMQ_LOGS"] = LogFile,
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(Home, "rabbitmq.conf"),
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(Home, "none"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(Home, "plugins"),
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        ["RABBITMQ_CTL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        // The start script then becomes the node instead of standing before it: its process id is the node's.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
    };
}
