using Bench.Measuring;
using Bench.Results;
using Bench.Setup;

namespace Bench.Service;

/// <summary>How soon a process of the service is ready when the servers answer already. One start goes before those that count, and brings
/// the files into memory: no process is any warmer for what another has done beyond that.</summary>
internal static class StartWorkload
{
    private const string Workload = "start";
    private const string Unit = "s";

    public static async Task RunAsync(Run run)
    {
        await using var database = await ServiceDatabases.NewAsync(run);
        if (run.Scale.WarmUp > TimeSpan.Zero)
        {
            await StartAsync(run, database, "warm-up");
        }

        List<Sample> samples = [];
        for (var round = 1; round <= run.Scale.Rounds; round++)
        {
            samples.Add(await StartAsync(run, database, $"{round} of {run.Scale.Rounds}"));
        }

        run.Report.Add(Workload, "all roles, from the start of the process to ready", Unit, samples);
    }

    private static async Task<Sample> StartAsync(Run run, Database database, string turn)
    {
        await using var service = await ServiceProcess.StartAsync(run, database, "api,relay,consumer");
        Run.Progress($"{Workload}, {turn}: {Number.Text(service.ReadyAfter.TotalSeconds)} {Unit}");
        return new Sample(service.ReadyAfter.TotalSeconds);
    }
}
