using System.Diagnostics;
using System.Globalization;
using Bench.Setup;
using Servers;

namespace Bench.Service;

/// <summary>The sample service as it is deployed: a process of its own, with a database of its own.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(40);

    private readonly ChildProcess _process;

    private ServiceProcess(ChildProcess process, string url, TimeSpan readyAfter) => (_process, Url, ReadyAfter) = (process, url, readyAfter);

    public string Url { get; }

    public int Id => _process.Id;

    /// <summary>From the start of the process to its first healthy answer.</summary>
    public TimeSpan ReadyAfter { get; }

    /// <summary>Starts a process with these roles and returns when it is ready.</summary>
    public static async Task<ServiceProcess> StartAsync(Run run, Database database, string roles)
    {
        var assembly = await ServiceProgram.BuildAsync(run.Scale, run.Stop);
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Find(1)[0]}");
        var watch = Stopwatch.StartNew();
        var process = ChildProcess.Start(new ChildProgram("dotnet", [assembly])
        {
            Directory = Path.GetDirectoryName(assembly),
            Environment = new Dictionary<string, string>
            {
                ["ConnectionStrings__Postgres"] = database.ConnectionString,
                ["ConnectionStrings__RabbitMq"] = run.Arena.RabbitMq.Uri,
                ["ASPNETCORE_URLS"] = url,
                ["Logging__LogLevel__Default"] = "Warning",
                ["Roles"] = roles,
            },
            LogFile = Path.Combine(RepositoryRoot.Path, ".local", "bench-service.log"),
            WhenOrphaned = Signal.Kill,
        });
        using var http = new HttpClient();
        try
        {
            await Eventually.IsTrueAsync(() => IsReadyAsync(process, http, url), ReadyDeadline, $"the service with the roles {roles} is ready");
        }
        catch
        {
            await process.StopAsync(Signal.Kill, StopGrace);
            throw;
        }

        return new ServiceProcess(process, url, watch.Elapsed);
    }

    /// <summary>Starts processes side by side and returns when all are ready.</summary>
    public static async Task<IReadOnlyList<ServiceProcess>> StartAllAsync(Run run, params IReadOnlyList<(Database Database, string Roles)> processes)
    {
        var starting = processes.Select(process => StartAsync(run, process.Database, process.Roles)).ToList();
        try
        {
            return await Task.WhenAll(starting);
        }
        catch
        {
            // Those that are ready would go on beside the workloads that come after.
            foreach (var started in starting.Where(one => one.IsCompletedSuccessfully))
            {
                await (await started).DisposeAsync();
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync() => await _process.StopAsync(Signal.Terminate, StopGrace);

    private static async Task<bool> IsReadyAsync(ChildProcess process, HttpClient http, string url)
    {
        if (process.HasExited)
        {
            throw new BenchException($"The service has ended with {process.ExitCode} before it was ready.");
        }

        try
        {
            using var answer = await http.GetAsync($"{url}/health/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
