using Bench.Measuring;

namespace Bench.Service;

/// <summary>How soon a process of the service is ready when the servers answer already.</summary>
internal static class StartWorkload
{
    public static async Task RunAsync(Run run)
    {
        await ServiceProcess.BuildAsync(run.Stop);
        await using var database = await ServiceProcess.NewDatabaseAsync(run);
        await run.MeasureAsync("start", "s", new Contestant("all roles, from the start of the process to ready", _ => StartAsync(run, database)));
    }

    private static async Task<Sample> StartAsync(Run run, Setup.Database database)
    {
        await using var service = await ServiceProcess.StartAsync(run, database, "api,relay,consumer");
        return new Sample(service.ReadyAfter.TotalSeconds);
    }
}
