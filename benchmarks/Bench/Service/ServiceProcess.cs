using System.Diagnostics;
using System.Globalization;
using Bench.Setup;
using Servers;
using Servers.Running;

namespace Bench.Service;

/// <summary>The sample service as it is deployed: a process of its own, with a database of its own.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private const string Project = "src/OrderService/OrderService.csproj";
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(40);

    private static Task? _build;

    private readonly ChildProcess _process;

    private ServiceProcess(ChildProcess process, string url, TimeSpan readyAfter) => (_process, Url, ReadyAfter) = (process, url, readyAfter);

    public string Url { get; }

    public int Id => _process.Id;

    /// <summary>From the start of the process to its first healthy answer.</summary>
    public TimeSpan ReadyAfter { get; }

    /// <summary>Builds the service and what migrates its database, once in a run.</summary>
    public static Task BuildAsync(CancellationToken cancellationToken) =>
        _build ??= BuildNowAsync(cancellationToken);

    /// <summary>A migrated database with stock.</summary>
    public static async Task<Database> NewDatabaseAsync(Run run)
    {
        var database = await run.Arena.NewDatabaseAsync();
        await MigratedDatabase.PrepareAsync(database.ConnectionString, run.Stop);
        return database;
    }

    /// <summary>Starts a process with these roles and returns when it is ready.</summary>
    public static async Task<ServiceProcess> StartAsync(Run run, Database database, string roles)
    {
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Find(1)[0]}");
        var watch = Stopwatch.StartNew();
        var process = ChildProcess.Start(DotNet.Program(Project) with
        {
            Environment = new Dictionary<string, string>
            {
                ["ConnectionStrings__Postgres"] = database.ConnectionString,
                ["ConnectionStrings__RabbitMq"] = run.Arena.RabbitMq.Uri,
                ["ASPNETCORE_URLS"] = url,
                ["Logging__LogLevel__Default"] = "Warning",
                ["Roles"] = roles,
            },
            LogFile = Path.Combine(Directory.CreateDirectory(Path.Combine(RepositoryRoot.Path, ".local")).FullName, "bench-service.log"),
            WhenOrphaned = Signal.Kill,
        });
        using var http = new HttpClient();
        await Eventually.IsTrueAsync(() => IsReadyAsync(http, url), ReadyDeadline, $"the service with the roles {roles} is ready");
        return new ServiceProcess(process, url, watch.Elapsed);
    }

    public async ValueTask DisposeAsync() => await _process.StopAsync(Signal.Terminate, StopGrace);

    private static Task BuildNowAsync(CancellationToken cancellationToken)
    {
        Run.Progress("Building the service ...");
        return DotNet.BuildAsync(cancellationToken, Project, MigratedDatabase.Project);
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, string url)
    {
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
