using Bench.Measuring;
using Bench.Setup;

namespace Bench.Service;

/// <summary>What the service costs while nothing happens.</summary>
internal static class IdleWorkload
{
    private const string Workload = "idle";
    private const string Transactions = "database transactions/s";
    private const string Cpu = "% of a core";

    public static async Task RunAsync(Run run)
    {
        await ServiceProcess.BuildAsync(run.Stop);
        await using var database = await ServiceProcess.NewDatabaseAsync(run);
        await using var owner = await ServiceProcess.StartAsync(run, database, "relay");
        var alone = await WatchAsync(run, database, owner);
        Report(run, "owner of the outbox", alone);

        await using (var standby = await ServiceProcess.StartAsync(run, database, "relay"))
        {
            // Both write to the same database; what the owner does is known.
            var share = Median(alone.Transactions);
            var both = await WatchAsync(run, database, standby);
            Report(run, "standby", both with { Transactions = [.. both.Transactions.Select(sample => new Sample(sample.Value - share))] });
        }

        await owner.DisposeAsync();
        await using var all = await ServiceProcess.StartAsync(run, database, "api,relay,consumer");
        Report(run, "a process with all roles", await WatchAsync(run, database, all));
    }

    private static async Task<Watched> WatchAsync(Run run, Database database, ServiceProcess service)
    {
        await Task.Delay(TimeSpan.FromSeconds(run.Scale.Of(5, 2)), run.Stop);
        var window = TimeSpan.FromSeconds(run.Scale.Of(10, 3));
        var watched = new Watched([], []);
        for (var round = 0; round < run.Scale.Rounds; round++)
        {
            var (commits, cpu) = (await TransactionsAsync(database), ProcessTree.CpuTime(service.Id));
            await Task.Delay(window, run.Stop);
            // Less the question itself.
            watched.Transactions.Add(new Sample((await TransactionsAsync(database) - commits - 1) / window.TotalSeconds));
            watched.Cpu.Add(new Sample((ProcessTree.CpuTime(service.Id) - cpu) / window * 100));
        }

        return watched;
    }

    private static Task<long> TransactionsAsync(Database database) => database.ScalarAsync<long>(
        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()");

    private static double Median(IEnumerable<Sample> samples) => Results.Figure.MedianOf(samples.Select(sample => sample.Value));

    private static void Report(Run run, string variant, Watched watched)
    {
        run.Report.Add(Workload, variant, Transactions, watched.Transactions);
        run.Report.Add(Workload, variant, Cpu, watched.Cpu);
    }

    private sealed record Watched(List<Sample> Transactions, List<Sample> Cpu);
}
