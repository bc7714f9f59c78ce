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
    private static readonly string Published = Path.Combine(RepositoryRoot.Path, ".local", "bench-service");
    private static readonly TimeSpan PublishDeadline = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(40);

    private static Task? _build;

    private readonly ChildProcess _process;

    private ServiceProcess(ChildProcess process, string url, TimeSpan readyAfter) => (_process, Url, ReadyAfter) = (process, url, readyAfter);

    public string Url { get; }

    public int Id => _process.Id;

    /// <summary>From the start of the process to its first healthy answer.</summary>
    public TimeSpan ReadyAfter { get; }

    /// <summary>Publishes the service as for its image, and builds what migrates its database, once in a run.</summary>
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
        var process = ChildProcess.Start(new ChildProgram("dotnet", [Path.Combine(Published, "OrderService.dll")])
        {
            Directory = Published,
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

    public async ValueTask DisposeAsync() => await _process.StopAsync(Signal.Terminate, StopGrace);

    private static async Task BuildNowAsync(CancellationToken cancellationToken)
    {
        Run.Progress("Building the service ...");
        await DotNet.BuildAsync(cancellationToken, MigratedDatabase.Project);
        string[] publish =
        [
            "publish", Path.Combine(RepositoryRoot.Path, Project), "--configuration", "Release", "--use-current-runtime", "--no-self-contained",
            "--output", Published, "--nologo", "-v", "q",
        ];
        await using var turn = await DotNet.BuildTurnAsync(cancellationToken);
        var published = await Command.RunAsync("dotnet", publish, PublishDeadline, cancellationToken);
        if (!published.Succeeded)
        {
            throw new BenchException($"{Project} cannot be published:\n{published.Output}{published.Error}");
        }
    }

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
