using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Servers.Native;

/// <summary>A private RabbitMQ node on loopback ports, with its own epmd and cookie, that can be stopped, killed and
/// started again.</summary>
public sealed class NativeRabbitMq
{
    private const string User = "guest";
    private const string Loopback = "127.0.0.1";
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(2);

    // After how many ms the node tries again to move a message out of a retry queue whose target did not take it: RabbitMQ's
    // own 3 minutes are longer than any outage that this project promises to be over with in one.
    private const int DeadLetterAgainMs = 15_000;

    private readonly PrivateDirectory _directory;
    private readonly string _bin;
    private readonly IReadOnlyList<string> _settings;
    private readonly string _name;
    private readonly int _epmdPort;
    private readonly int _distributionPort;
    private readonly int _managementPort;
    private ChildProcess? _epmd;
    private ChildProcess? _node;

    private NativeRabbitMq(
        PrivateDirectory directory, InstalledServers installed, string name, int epmdPort, ReadOnlySpan<int> ports, IReadOnlyList<string> settings)
    {
        _directory = directory;
        _bin = installed.RabbitMqBin;
        _settings = settings;
        _name = name;
        _epmdPort = epmdPort;
        (Port, _distributionPort, _managementPort) = (ports[0], ports[1], ports[2]);
        Home = Path.Combine(directory.Path, name == FirstName ? "rabbitmq" : name);
        LogFile = Path.Combine(Home, "log");
        OutputFile = Path.Combine(Home, "output");
    }

    // AMQP, distribution, management.
    private const int Ports = 3;
    private const string FirstName = "rabbit";

    /// <summary>The node's name, by which its cluster knows it.</summary>
    public string Name => $"{_name}@localhost";

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

    /// <summary>The nodes of one broker, not started yet: the first owns the epmd by which they find each other.</summary>
    internal static IReadOnlyList<NativeRabbitMq> Cluster(PrivateDirectory directory, InstalledServers installed, NativeOptions options)
    {
        var count = options.RabbitMqNodes;
        var ports = FreePorts.Find((Ports * count) + 1);
        var names = Enumerable.Range(1, count).Select(number => number == 1 ? FirstName : $"{FirstName}{number}").ToList();
        string[] peers = count == 1 ? [] :
        [
            "cluster_formation.peer_discovery_backend = classic_config",
            .. names.Select((name, number) => $"cluster_formation.classic_config.nodes.{number + 1} = {name}@localhost"),
        ];
        return [.. names.Select((name, number) => new NativeRabbitMq(
            directory, installed, name, ports[^1], ports.AsSpan(number * Ports, Ports), [.. peers, .. options.RabbitMqSettings]))];
    }

    private string Home { get; }

    private string OutputFile { get; }

    private string Data => Path.Combine(Home, "data");

    // Beside the data from before the first start until the node has let its user in. One that ended between making its tables
    // and its user would refuse him for ever.
    private string Unfinished => Data + ".unfinished";

    /// <summary>Starts the node, and returns when it takes AMQP connections. Queues and messages of an earlier start are
    /// there again.</summary>
    /// <exception cref="ServersException">It did not come up within two minutes; the message ends with its log.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);

        // Ours, and in the foreground: one that the node starts by itself outlives it.
        if (_name != FirstName)
        {
            await EpmdAnswersAsync(cancellationToken);
        }
        else if (_epmd is null or { HasExited: true })
        {
            _epmd = Start(Signal.Kill, "epmd", "-port", _epmdPort.ToString(CultureInfo.InvariantCulture), "-address", Loopback);
        }

        _node = Start(Signal.Terminate, Path.Combine(_bin, "rabbitmq-server"));
        await ServerStart.WaitAsync("RabbitMQ", _node, Answers.RabbitMqAsync, Uri, [OutputFile, LogFile], StartDeadline, cancellationToken);
        File.Delete(Unfinished);
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

    /// <exception cref="ServersException">The first node has not started it in time.</exception>
    private async Task EpmdAnswersAsync(CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var asking = new TcpClient();
                await asking.ConnectAsync(IPAddress.Loopback, _epmdPort, cancellationToken);
                return;
            }
            catch (SocketException) when (Stopwatch.GetElapsedTime(begun) < StartDeadline)
            {
                await Task.Delay(50, cancellationToken);
            }
            catch (SocketException)
            {
                throw new ServersException($"{_name} waits for the epmd of {FirstName}, which has not answered within {StartDeadline.TotalMinutes:0} minutes.");
            }
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
        Directory.CreateDirectory(Home);
        if (File.Exists(Unfinished) && Directory.Exists(Data))
        {
            Directory.Delete(Data, recursive: true);
        }

        if (!Directory.Exists(Data))
        {
            await File.WriteAllTextAsync(Unfinished, "", cancellationToken);
            Directory.CreateDirectory(Data);
        }

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
            // The nodes of a cluster know each other by it.
            await File.WriteAllTextAsync(cookie, _directory.Password(), cancellationToken);
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
        ["RABBITMQ_NODENAME"] = Name,
        ["RABBITMQ_NODE_IP_ADDRESS"] = Loopback,
        ["RABBITMQ_NODE_PORT"] = Port.ToString(CultureInfo.InvariantCulture),
        ["RABBITMQ_DIST_PORT"] = _distributionPort.ToString(CultureInfo.InvariantCulture),
        ["RABBITMQ_MNESIA_BASE"] = Data,
        ["RABBITMQ_LOG_BASE"] = Home,
        ["RABBITMQ_LOGS"] = LogFile,
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(Home, "rabbitmq.conf"),
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(Home, "none"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(Home, "plugins"),
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] =
            $"-kernel inet_dist_use_interface {{127,0,0,1}} -rabbit dead_letter_worker_publisher_confirm_timeout {DeadLetterAgainMs}",
        ["RABBITMQ_CTL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        // The start script then becomes the node instead of standing before it: its process id is the node's.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
    };
}
