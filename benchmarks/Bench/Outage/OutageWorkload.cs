using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;

namespace Bench.Outage;

/// <summary>The broker is killed in the middle of a drain and comes back while twenty thousand rows wait.</summary>
internal static class OutageWorkload
{
    private const string Workload = "outage";
    private const string Clean = "the same drain without an outage";

    public static async Task RunAsync(Run run)
    {
        // While it warms up too: of a few rows, all would be on their way when the first is marked.
        var waiting = run.Scale.Of(20_000, 5_000);
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.outage");
        await using var table = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        var drain = new Drain(run, queue, table);
        var outage = new BrokerOutage(run, queue, table, drain);

        await run.MeasureAsync(Workload, "messages/s",
            new Contestant(Clean, _ => drain.FromFirstMarkAsync(waiting)),
            new Contestant("after the outage, from the first message on", _ => outage.RunAsync(waiting), Clean) { WarmsUp = false });
        run.Report.Add(Workload, "first message after the broker answers", "s", outage.Seconds);
        run.Report.Add(Workload, "published twice", "messages", outage.Duplicates);
        run.Report.Add(Workload, "lost", "messages", outage.Lost);
    }
}
