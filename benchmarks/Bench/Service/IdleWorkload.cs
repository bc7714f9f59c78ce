using Bench.Measuring;
using Bench.Setup;

namespace Bench.Service;

/// <summary>What the service costs while nothing happens: all processes side by side, since they hardly take anything.</summary>
internal static class IdleWorkload
{
    private const string Workload = "idle";

    public static async Task RunAsync(Run run)
    {
        await ServiceProcess.BuildAsync(run.Stop);
        await using var one = await ServiceProcess.NewDatabaseAsync(run);
        await using var two = await ServiceProcess.NewDatabaseAsync(run);
        await using var three = await ServiceProcess.NewDatabaseAsync(run);
        await using var owner = await ServiceProcess.StartAsync(run, one, "relay");
        await using var otherOwner = await ServiceProcess.StartAsync(run, two, "relay");
        await using var standby = await ServiceProcess.StartAsync(run, two, "relay");
        await using var all = await ServiceProcess.StartAsync(run, three, "api,relay,consumer");
        Run.Progress("idle: a fresh process still compiles, so the first minute is left out ...");
        await Task.Delay(TimeSpan.FromSeconds(run.Scale.Of(75, 2)), run.Stop);

        List<Share> owners = [], standbys = [], wholes = [];
        // The kernel counts CPU time in hundredths of a second: a short window would be measured in steps.
        var window = TimeSpan.FromSeconds(run.Scale.Of(30, 3));
        var rounds = run.Scale.Of(3, 1);
        for (var round = 1; round <= rounds; round++)
        {
            var (first, second, third) = (await LookAsync(one, owner), await LookAsync(two, standby), await LookAsync(three, all));
            await Task.Delay(window, run.Stop);
            owners.Add((await LookAsync(one, owner)).Since(first, window));
            wholes.Add((await LookAsync(three, all)).Since(third, window));
            var both = (await LookAsync(two, standby)).Since(second, window);
            // Another owner works on the standby's database; what an owner does is known.
            standbys.Add(both with { Transactions = both.Transactions - owners[^1].Transactions });
            Run.Progress($"idle, {round} of {rounds}");
        }

        Report(run, "owner of the outbox", owners);
        Report(run, "standby", standbys);
        Report(run, "a process with all roles", wholes);
    }

    private static async Task<Share> LookAsync(Database database, ServiceProcess service) => new(
        await database.ScalarAsync<long>("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"),
        ProcessTree.CpuTime(service.Id).TotalSeconds);

    private static void Report(Run run, string variant, List<Share> shares)
    {
        run.Report.Add(Workload, variant, "database transactions/s", [.. shares.Select(share => new Sample(share.Transactions))]);
        run.Report.Add(Workload, variant, "% of a core", [.. shares.Select(share => new Sample(share.CpuSeconds * 100))]);
    }

    private readonly record struct Share(double Transactions, double CpuSeconds)
    {
        /// <summary>A second's worth, less the look itself.</summary>
        public Share Since(Share before, TimeSpan window) =>
            new((Transactions - before.Transactions - 1) / window.TotalSeconds, (CpuSeconds - before.CpuSeconds) / window.TotalSeconds);
    }
}
