using Servers;

namespace Inbox.Tests;

/// <summary>A consumer in a process of its own, with failpoints: to be killed, frozen or stopped.</summary>
public sealed class ConsumerProcess : IAsyncDisposable
{
#if DEBUG
    private const string Configuration = "debug";
#else
    private const string Configuration = "release";
#endif

    private readonly ChildProcess _process;
    private readonly string _log;

    private ConsumerProcess(ChildProcess process, string log) => (_process, _log) = (process, log);

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>What it has written to its console.</summary>
    public string Log => File.Exists(_log) ? File.ReadAllText(_log) : "";

    /// <summary>Starts it; names are those of the environment, such as Inbox__BatchSize.</summary>
    public static ConsumerProcess Start(InboxArena arena, params (string Name, string Value)[] environment)
    {
        var log = Path.Combine(Path.GetTempPath(), $"{arena.Servers.Name}-{Guid.NewGuid():N}.log");
        var settings = new Dictionary<string, string>
        {
            ["ConnectionStrings__Postgres"] = arena.Servers.Postgres,
            ["ConnectionStrings__RabbitMq"] = arena.Servers.RabbitMq,
            ["Outbox__Exchange"] = InboxArena.Exchange,
            ["QUEUE"] = arena.Queue,
        };
        foreach (var (name, value) in environment)
        {
            settings[name] = value;
        }

        var program = Path.Combine(RepositoryRoot.Path, ".local", "failpoints", "bin", "ConsumerProcess", Configuration, "ConsumerProcess");
        return new ConsumerProcess(
            ChildProcess.Start(new ChildProgram(program) { Environment = settings, LogFile = log, WhenOrphaned = Signal.Kill }), log);
    }

    public void Send(Signal signal) => _process.Send(signal);

    public Task KillAsync() => _process.StopAsync(Signal.Kill, TimeSpan.FromSeconds(10));

    public async Task ExitsAsync(TimeSpan deadline)
    {
        using var patience = new CancellationTokenSource(deadline);
        try
        {
            await _process.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The consumer has not ended within {deadline}. Its log:\n{Log}");
        }
    }

    public Task LogsAsync(string text, TimeSpan deadline) => Eventually.IsTrueAsync(
        () => Task.FromResult(Log.Contains(text, StringComparison.Ordinal)), deadline, () => $"\"{text}\" in the consumer's log:\n{Log}");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        File.Delete(_log);
    }
}
