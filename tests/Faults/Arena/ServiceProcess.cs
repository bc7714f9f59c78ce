using Servers;

namespace Faults;

/// <summary>One process of the service, with a network of its own, that is started again whenever it ends, as a supervisor
/// would do.</summary>
internal sealed class ServiceProcess(string name, string role, ServiceBuild build, Database database, Broker broker, string logDirectory)
{
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RevivePatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(40);

    // 128 and the number of SIGKILL; a failpoint ends its process by it too.
    private const int Killed = 137;
    private const int InOrder = 0;

    // Shorter than the defaults where a default is a wait: a fault and its end should fit into a few seconds.
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["Outbox__Lease"] = "3s",
        ["Outbox__ConfirmTimeout"] = "5s",
        ["Outbox__RetryFirst"] = "200ms",
        ["Outbox__RetryCap"] = "2s",
        ["Outbox__MaxAttempts"] = "8",
        ["Inbox__Retry__First"] = "250ms",
    };

    private readonly int _port = FreePorts.Find(1)[0];
    private readonly Lock _lock = new();
    private ChildProcess? _process;
    private int? _expectedExitCode;
    private bool _stopped;

    public string Name => name;

    public string Role => role;

    public string LogFile { get; } = Path.Combine(logDirectory, name + ".log");

    public string Url => $"http://127.0.0.1:{_port}";

    public TcpProxy Postgres { get; } = new(Protocol.Postgres, [database.Server.Port]);

    public TcpProxy RabbitMq { get; } = new(Protocol.Amqp, [.. broker.Nodes.Select(node => node.Port)]);

    /// <summary>Of the process that runs now.</summary>
    public int Id => _process!.Id;

    /// <summary>How often the process has ended since the beginning.</summary>
    public int Ends { get; private set; }

    /// <summary>Whether the process that runs now is to end at a failpoint.</summary>
    public bool IsArmed { get; private set; }

    /// <summary>Ends that nobody asked for, and those that came about otherwise than they were asked for.</summary>
    public List<string> UnexpectedEnds { get; } = [];

    /// <summary>Starts the process, with <paramref name="extra"/> in its environment, until it ends.</summary>
    public void Start(params (string Name, string Value)[] extra)
    {
        lock (_lock)
        {
            var environment = new Dictionary<string, string>(Settings)
            {
                ["Roles"] = role,
                ["ASPNETCORE_URLS"] = Url,
                ["ConnectionStrings__Postgres"] = database.ServiceAddress(Postgres.Port),
                ["ConnectionStrings__RabbitMq"] = broker.ServiceAddress(RabbitMq.Port),
            };
            foreach (var (variable, value) in extra)
            {
                environment[variable] = value;
            }

            IsArmed = environment.ContainsKey("FAILPOINT");
            _expectedExitCode = IsArmed ? Killed : null;
            _process = ChildProcess.Start(new ChildProgram(build.Service)
            {
                Environment = environment,
                LogFile = LogFile,
                WhenOrphaned = Signal.Kill,
            });
        }
    }

    /// <summary>Ends the process with SIGKILL. The supervisor starts it again.</summary>
    public async Task KillAsync()
    {
        var process = Expect(Killed);
        await process.StopAsync(Signal.Kill, KillPatience);
        await StartedAgainAsync(process);
    }

    /// <summary>Lets the process finish what it has begun. The supervisor starts it again, and notes where it had to be killed or did
    /// not end in order.</summary>
    public async Task TerminateAsync()
    {
        var process = Expect(InOrder);
        await process.StopAsync(Signal.Terminate, StopPatience);
        await StartedAgainAsync(process);
    }

    /// <summary>Kills the process and starts it with <paramref name="extra"/> in its environment.</summary>
    public async Task KillAndStartAsync(params (string Name, string Value)[] extra)
    {
        ChildProcess process;
        lock (_lock)
        {
            _stopped = true;
            process = Expect(Killed);
        }

        await process.StopAsync(Signal.Kill, KillPatience);
        lock (_lock)
        {
            NoteEnd(process);
            _stopped = false;
            Start(extra);
        }
    }

    public void Freeze() => _process!.Send(Signal.Stop);

    public void Continue() => _process!.Send(Signal.Continue);

    /// <summary>Starts the process again if it has ended. Called by the supervisor again and again.</summary>
    public void Revive()
    {
        lock (_lock)
        {
            if (_stopped || _process is not { HasExited: true } ended)
            {
                return;
            }

            NoteEnd(ended);
            Start();
        }
    }

    /// <summary>Ends the process for good.</summary>
    public async Task EndAsync()
    {
        lock (_lock)
        {
            _stopped = true;
        }

        if (_process is { } process)
        {
            await process.StopAsync(Signal.Kill, KillPatience);
        }

        await Postgres.DisposeAsync();
        await RabbitMq.DisposeAsync();
    }

    private ChildProcess Expect(int exitCode)
    {
        lock (_lock)
        {
            _expectedExitCode = exitCode;
            return _process!;
        }
    }

    private void NoteEnd(ChildProcess ended)
    {
        Ends++;
        if (WhatIsWrong(_expectedExitCode, ended.ExitCode) is { } wrong)
        {
            UnexpectedEnds.Add($"{name} {wrong}");
        }
    }

    /// <returns>Null where a process ended as it was to.</returns>
    internal static string? WhatIsWrong(int? expected, int exitCode) => expected switch
    {
        null => $"ended by itself with exit code {exitCode}",
        InOrder when exitCode == Killed => $"was told to stop and had to be killed after {StopPatience.TotalSeconds:0} s",
        InOrder when exitCode != InOrder => $"was told to stop and ended with exit code {exitCode}",
        Killed when exitCode != Killed => $"was to be killed and ended by itself with exit code {exitCode}",
        _ => null,
    };

    private async Task StartedAgainAsync(ChildProcess ended)
    {
        if (!await Poll.UntilAsync(() => Task.FromResult(_stopped || _process != ended), RevivePatience, CancellationToken.None))
        {
            throw new TimeoutException($"{Name} was not started again within {RevivePatience.TotalSeconds:0} s.");
        }
    }
}
