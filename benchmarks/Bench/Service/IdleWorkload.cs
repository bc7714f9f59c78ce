using System.Diagnostics;
using Bench.Measuring;
using Bench.Setup;

namespace Bench.Service;

/// <summary>What the service costs while nothing happens: all processes side by side, since they hardly take anything. For a whole minute and
/// once: what a relay does each minute falls into it, where of several shorter windows the median would leave it out.</summary>
internal static class IdleWorkload
{
    private const string Workload = "idle";

    public static async Task RunAsync(Run run)
    {
        await using var one = await ServiceDatabases.NewAsync(run);
        await using var two = await ServiceDatabases.NewAsync(run);
        await using var three = await ServiceDatabases.NewAsync(run);
        var started = await ServiceProcess.StartAllAsync(run, (one, "relay"), (two, "relay"), (three, "api,relay,consumer"));
        await using var owner = started[0];
        await using var otherOwner = started[1];
        await using var all = started[2];
        // After that one, which would not be the owner otherwise.
        await using var standby = await ServiceProcess.StartAsync(run, two, "relay");
        Run.Progress("idle: a fresh process still compiles, so the first minute is left out ...");
        await Task.Delay(TimeSpan.FromSeconds(run.Scale.Of(75, 2)), run.Stop);

        Run.Progress("idle: looking at a minute ...");
        var (first, second, third) = (await LookAsync(one, owner), await LookAsync(two, standby), await LookAsync(three, all));
        await Task.Delay(TimeSpan.FromSeconds(run.Scale.Of(60, 3)), run.Stop);
        var (lone, both, whole) = (
            (await LookAsync(one, owner)).Since(first),
            (await LookAsync(two, standby)).Since(second),
            (await LookAsync(three, all)).Since(third));

        Report(run, "owner of the outbox", lone);
        // Another owner works on the standby's database; what an owner does is known.
        Report(run, "standby", both with { Transactions = both.Transactions - lone.Transactions });
        Report(run, "a process with all roles", whole);
    }

    private static async Task<Look> LookAsync(Database database, ServiceProcess service) => new(
        Stopwatch.GetTimestamp(),
        await database.ScalarAsync<long>("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"),
        ProcessClock.CpuTime(service.Id));

    private static void Report(Run run, string variant, Share share)
    {
        run.Report.Add(Workload, variant, "database transactions/s", [new Sample(share.Transactions)]);
        run.Report.Add(Workload, variant, "% of a core", [new Sample(share.Core * 100)]);
    }

    private readonly record struct Look(long At, long Transactions, TimeSpan Cpu)
    {
        /// <summary>A second's worth, less the look itself.</summary>
        public Share Since(Look before)
        {
            var elapsed = Stopwatch.GetElapsedTime(before.At, At);
            return new((Transactions - before.Transactions - 1) / elapsed.TotalSeconds, (Cpu - before.Cpu) / elapsed);
        }
    }

    /// <param name="Transactions">A second.</param>
    /// <param name="Core">Of one, as a fraction.</param>
    private readonly record struct Share(double Transactions, double Core);
}
