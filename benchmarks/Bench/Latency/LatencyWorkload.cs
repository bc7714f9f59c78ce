using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;

namespace Bench.Latency;

/// <summary>How long a subscriber waits for what was committed.</summary>
internal static class LatencyWorkload
{
    private const string Published = "publish to delivery, no database";

    public static async Task RunAsync(Run run)
    {
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.latency");
        await using var table = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);

        await run.MeasureAsync("latency", "ms",
            new Contestant(Published, async share => Percentiles.Of(await PublishedMessages.RunAsync(run, queue, Messages(share)))),
            new Contestant("commit to delivery", share => CommitAsync(share, besideRelay: true), Published),
            new Contestant("commit to delivery, heard of through the database alone", share => CommitAsync(share, besideRelay: false), Published));

        int Messages(double share) => run.Scale.Of(1_000, 200, share);

        async Task<IReadOnlyList<Sample>> CommitAsync(double share, bool besideRelay) =>
            Percentiles.Of(await CommittedMessages.RunAsync(run, queue, table, Messages(share), besideRelay));
    }
}
