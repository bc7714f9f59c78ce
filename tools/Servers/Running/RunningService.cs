namespace Servers.Running;

/// <summary>The service with all its roles, as a child process.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    private const string Project = "src/OrderService/OrderService.csproj";
    private const int LogLines = 20;
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(40);

    private readonly ChildProcess _process;
    private readonly string? _logFile;

    private RunningService(
        ChildProcess process, string url, string postgres, ServerPair servers, IReadOnlyDictionary<string, string> environment, string? logFile)
    {
        _process = process;
        _logFile = logFile;
        Url = url;
        Postgres = postgres;
        Servers = servers;
        Environment = environment;
    }

    public string Url { get; }

    /// <summary>The connection string of its database.</summary>
    public string Postgres { get; }

    public ServerPair Servers { get; }

    /// <summary>What the service was told about its servers.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Starts the service and returns when it is ready. A quiet one writes its log to a file instead of here.</summary>
    /// <exception cref="ServersException">It ended, or was not ready within a minute.</exception>
    public static async Task<RunningService> StartAsync(
        int port, string postgres, ServerPair servers, bool quiet, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>
        {
            ["ConnectionStrings__Postgres"] = postgres,
            ["ConnectionStrings__RabbitMq"] = servers.RabbitMq,
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
        };
        var logFile = quiet ? OwnPath.New("service", ".log") : null;
        var process = ChildProcess.Start(DotNet.Program(Project) with { Environment = environment, LogFile = logFile });
        var service = new RunningService(process, $"http://127.0.0.1:{port}", postgres, servers, environment, logFile);
        try
        {
            await service.WaitUntilReadyAsync(cancellationToken);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    /// <summary>Completes when the service ends by itself, which it should not, with what is to be said about it.</summary>
    public async Task<ServersException> EndedAsync(CancellationToken cancellationToken)
    {
        await _process.WaitAsync(cancellationToken);
        return Ended();
    }

    /// <summary>Lets the service finish what it has begun, then ends it.</summary>
    public async ValueTask DisposeAsync() => await _process.StopAsync(Signal.Terminate, StopGrace);

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var end = DateTime.UtcNow + ReadyDeadline;
        while (!await IsReadyAsync(http, cancellationToken))
        {
            if (_process.HasExited)
            {
                throw Ended();
            }

            if (DateTime.UtcNow > end)
            {
                throw new ServersException($"The service is not ready after {ReadyDeadline.TotalSeconds:0} s ({Url}/health/ready).{LogTail()}");
            }

            await Task.Delay(100, cancellationToken);
        }
    }

    private async Task<bool> IsReadyAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync($"{Url}/health/ready", cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    private ServersException Ended() => new($"The service ended with exit code {_process.ExitCode}.{LogTail()}");

    private string LogTail() => _logFile is null || !File.Exists(_logFile)
        ? ""
        : $" Its log, {_logFile}, ends:\n{string.Join('\n', File.ReadLines(_logFile).TakeLast(LogLines))}";
}
