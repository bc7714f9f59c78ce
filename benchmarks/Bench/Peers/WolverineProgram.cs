using System.Diagnostics;
using Bench.Setup;
using Servers;

namespace Bench.Peers;

/// <summary>The program in benchmarks/Peers/Wolverine, driven through its standard input and output. Its process lasts from repeat to
/// repeat, so that it has compiled by the end of the warm-up what it runs, as this one has; its host is a new one each time, as ours is.</summary>
internal sealed class WolverineProgram(Arena arena, Database database, string queue, string role, bool confirms = false) : IAsyncDisposable
{
    private const string Project = "benchmarks/Peers/Wolverine/Wolverine.csproj";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(15);

    private static Task? _build;

    private Process? _process;

    public Database Database => database;

    public int ProcessId => Running.Id;

    private Process Running => _process ?? throw new BenchException("Wolverine's program has not been started.");

    /// <summary>Builds it, once in a run. Its packages come from NuGet the first time.</summary>
    public static Task BuildAsync(Scale scale, CancellationToken cancellationToken) => _build ??= BuildNowAsync(cancellationToken);

    /// <summary>Starts a host. One that consumes handles messages from the moment on at which this returns, or a little earlier.</summary>
    public async Task<WolverineHost> StartAsync()
    {
        _process ??= Process.Start(new ProcessStartInfo(
            "dotnet", [Path.Combine(Path.GetDirectoryName(DotNet.Assembly(Project))!, "WolverinePeer.dll"), role])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["PEER_POSTGRES"] = database.ConnectionString,
                ["PEER_RABBITMQ"] = arena.RabbitMq.Uri,
                ["PEER_QUEUE"] = queue,
                ["PEER_CONFIRMS"] = confirms ? "on" : "off",
            },
        })!;
        await ExpectAsync("start", "ready");
        return new WolverineHost(this);
    }

    /// <summary>Stops the host. A program that cannot is killed, and the next host is the first of another one.</summary>
    public async Task StopAsync()
    {
        try
        {
            await ExpectAsync("stop", "stopped").WaitAsync(StopPatience);
        }
        catch (Exception fault) when (fault is TimeoutException or BenchException or IOException)
        {
            Running.Kill();
            Running.Dispose();
            _process = null;
        }
    }

    private static Task BuildNowAsync(CancellationToken cancellationToken)
    {
        Run.Progress("Building Wolverine's program ...");
        return DotNet.BuildAsync(cancellationToken, Project);
    }

    /// <summary>Tells it to do something, and hears what has come of it.</summary>
    public async Task<string> AskAsync(string line)
    {
        await Running.StandardInput.WriteLineAsync(line);
        await Running.StandardInput.FlushAsync();
        return await Running.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new BenchException("Wolverine's program ended by itself.");
    }

    /// <exception cref="BenchException">It answers something else.</exception>
    public async Task ExpectAsync(string line, string answer)
    {
        var said = await AskAsync(line);
        if (said != answer)
        {
            throw new BenchException($"Wolverine's program said \"{said}\" instead of \"{answer}\".");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is null)
        {
            return;
        }

        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(StopPatience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
