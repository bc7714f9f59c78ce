using System.Reflection;
using Servers;

namespace TestSupport;

/// <summary>A program of this repository in a process of its own, built with failpoints: to be killed, frozen, stopped or left
/// hanging.</summary>
public sealed class ProcessUnderTest : IAsyncDisposable
{
    // Debug and release go to directories of their own.
    private static readonly string Configuration =
        typeof(ProcessUnderTest).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration.ToLowerInvariant();

    private readonly string _program;
    private readonly ChildProcess _process;
    private readonly string _log;

    private ProcessUnderTest(string program, ChildProcess process, string log) => (_program, _process, _log) = (program, process, log);

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>What it has written to its console.</summary>
    public string Log => File.Exists(_log) ? File.ReadAllText(_log) : "";

    /// <summary>Starts a program, named by its project, on the servers of an arena. Names are those of the environment, such as
    /// Outbox__Lease; of two settings with one name the later counts.</summary>
    public static ProcessUnderTest Start(string program, TestArena arena, params IEnumerable<(string Name, string Value)> settings)
    {
        var environment = new Dictionary<string, string>
        {
            ["ConnectionStrings__Postgres"] = arena.Postgres,
            ["ConnectionStrings__RabbitMq"] = arena.RabbitMq,
        };
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        var file = Path.Combine(RepositoryRoot.Path, ".local", "failpoints", "bin", program, Configuration, program);
        var log = Path.Combine(Path.GetTempPath(), $"{arena.Name}-{Guid.NewGuid():N}.log");
        return new ProcessUnderTest(
            program, ChildProcess.Start(new ChildProgram(file) { Environment = environment, LogFile = log, WhenOrphaned = Signal.Kill }), log);
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
            throw new TimeoutException($"{_program} has not ended within {deadline}. Its log:\n{Log}");
        }
    }

    public Task LogsAsync(string text, TimeSpan deadline) => Eventually.IsTrueAsync(
        () => Task.FromResult(Log.Contains(text, StringComparison.Ordinal)), deadline, () => $"\"{text}\" in the log of {_program}:\n{Log}");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        File.Delete(_log);
    }
}
