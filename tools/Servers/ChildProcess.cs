using System.Collections.Concurrent;
using System.Diagnostics;

namespace Servers;

/// <summary>How to start a long-lived child.</summary>
/// <param name="File">The program.</param>
/// <param name="Arguments">Its arguments.</param>
public sealed record ChildProgram(string File, params IReadOnlyList<string> Arguments)
{
    /// <summary>Added to the inherited environment, or the whole of it where <see cref="CleanEnvironment"/> is set. An empty
    /// value takes the variable away.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Inherit nothing.</summary>
    public bool CleanEnvironment { get; init; }

    /// <summary>The user to run as, for root only; null stays the same user.</summary>
    public string? User { get; init; }

    /// <summary>Where standard output and error are appended; null inherits both.</summary>
    public string? LogFile { get; init; }

    /// <summary>The directory it starts in; null is the current one.</summary>
    public string? Directory { get; init; }

    /// <summary>What the kernel sends to the child when this process dies, however it dies.</summary>
    public Signal WhenOrphaned { get; init; } = Signal.Terminate;
}

/// <summary>A long-lived child in a session of its own: a Ctrl-C at the terminal reaches only this process, which then
/// stops its children in order. On Linux the kernel ends the child when this process is killed.</summary>
public sealed class ChildProcess
{
    // The kernel counts the *thread* that forked as the parent: a child of a pool thread would be ended when the pool
    // shrinks. This thread lives as long as the process.
    private static readonly BlockingCollection<Action> Starts = StartThread();

    private readonly Process _process;
    private readonly long? _startTime;

    private ChildProcess(Process process)
    {
        _process = process;
        _startTime = Posix.StartTime(process.Id);
    }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Its exit code; 128 + the signal's number when a signal ended it.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Id and start time: names this process even after its id was given to another.</summary>
    internal string Identity => $"{Id} {_startTime}";

    /// <summary>Starts the program.</summary>
    /// <exception cref="ServersException">There is no such program.</exception>
    public static ChildProcess Start(ChildProgram program)
    {
        var started = new TaskCompletionSource<ChildProcess>();
        Starts.Add(() =>
        {
            try
            {
                started.SetResult(new ChildProcess(Process.Start(Describe(program))!));
            }
            catch (System.ComponentModel.Win32Exception exception)
            {
                started.SetException(new ServersException($"{program.File} cannot be started: {exception.Message}"));
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }

    /// <summary>Sends a signal; nothing happens when the process has ended.</summary>
    public void Send(Signal signal)
    {
        if (!HasExited)
        {
            Posix.Send(Id, signal);
        }
    }

    /// <summary>Sends a signal to the process and to all that it has started and that stayed in its session.</summary>
    private void SendToAll(Signal signal) => Posix.Send(OperatingSystem.IsLinux() ? -Id : Id, signal);

    /// <summary>Completes when the process has ended.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Sends <paramref name="signal"/> and, where that has not ended the process after <paramref name="grace"/>,
    /// kills it and all that it has started.</summary>
    public Task StopAsync(Signal signal, TimeSpan grace)
    {
        Send(signal);
        return WaitOrKillAsync(grace);
    }

    /// <summary>The same for a program that leaves it to its own children to heed the signal.</summary>
    public Task StopAllAsync(Signal signal, TimeSpan grace)
    {
        SendToAll(signal);
        return WaitOrKillAsync(grace);
    }

    private async Task WaitOrKillAsync(TimeSpan grace)
    {
        using var patience = new CancellationTokenSource(grace);
        try
        {
            await WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            SendToAll(Signal.Kill);
            await WaitAsync(CancellationToken.None);
        }
    }

    private static ProcessStartInfo Describe(ChildProgram program)
    {
        // Each of these replaces itself by the next one, so the process id is the program's own.
        List<string> line = [];
        if (program.LogFile is not null)
        {
            line.AddRange(["sh", "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", program.LogFile]);
        }

        if (OperatingSystem.IsLinux())
        {
            line.AddRange(["setsid", "setpriv", "--pdeathsig", SignalName(program.WhenOrphaned)]);
            if (program.User is not null)
            {
                line.AddRange(["--reuid", program.User, "--regid", program.User, "--init-groups"]);
            }

            line.Add("--");
        }

        line.Add(program.File);
        line.AddRange(program.Arguments);
        var start = new ProcessStartInfo(line[0], line.Skip(1)) { WorkingDirectory = program.Directory ?? "" };
        if (program.CleanEnvironment)
        {
            start.Environment.Clear();
        }

        foreach (var (name, value) in program.Environment)
        {
            start.Environment[name] = value.Length > 0 ? value : null;
        }

        return start;
    }

    private static string SignalName(Signal signal) => signal switch
    {
        Signal.Interrupt => "INT",
        Signal.Quit => "QUIT",
        Signal.Kill => "KILL",
        Signal.Terminate => "TERM",
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "does not end a process"),
    };

    private static BlockingCollection<Action> StartThread()
    {
        var starts = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var start in starts.GetConsumingEnumerable())
            {
                start();
            }
        })
        { IsBackground = true, Name = "child processes" }.Start();
        return starts;
    }
}
