using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;

namespace Bench.Latency;

/// <summary>How long a subscriber waits for what was committed.</summary>
internal static class LatencyWorkload
{
    private const string Workload = "latency";

    public static async Task RunAsync(Run run)
    {
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.latency");
        await using var table = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        var beside = new Percentiles(() => CommittedMessages.RunAsync(run, queue, table, besideRelay: true));
        var apart = new Percentiles(() => CommittedMessages.RunAsync(run, queue, table, besideRelay: false));
        var published = new Percentiles(() => PublishedMessages.RunAsync(run, queue));

        await run.MeasureAsync(Workload, "ms",
            new Contestant("publish to delivery, no database, p50", _ => published.MeasureAsync()),
            new Contestant("publish to delivery, no database, p99", _ => published.P99()),
            new Contestant("commit to delivery, p50", _ => beside.MeasureAsync(), "publish to delivery, no database, p50"),
            new Contestant("commit to delivery, p99", _ => beside.P99(), "publish to delivery, no database, p99"),
            new Contestant("commit to delivery, relay in another process, p50", _ => apart.MeasureAsync(), "publish to delivery, no database, p50"),
            new Contestant("commit to delivery, relay in another process, p99", _ => apart.P99(), "publish to delivery, no database, p99"));
    }
}
