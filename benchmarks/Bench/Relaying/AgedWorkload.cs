using Bench.Measuring;
using Bench.Results;
using Bench.Setup;

namespace Bench.Relaying;

/// <summary>The same drain on tables that have a past.</summary>
internal static class AgedWorkload
{
    private const string Workload = "relay-aged";
    private const string Unit = "messages/s";
    private const string Clean = "clean table";
    private const string CleanAtStart = "clean table, by a relay that has just started";

    public static async Task RunAsync(Run run)
    {
        var million = run.Scale.Of(1_000_000, 50_000);
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.aged");
        await using var clean = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        await using var cleanAtStart = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        // Nothing is measured yet, so all are made at once.
        var (passing, unsent, sent) = (
            HeldTable.CreateAsync(run, queue, million),
            FilledAsync(run, queue, 2 * million, sent: false),
            FilledAsync(run, queue, 5 * million, sent: true));
        await using var held = await passing;
        await using var waiting = await unsent;
        await using var kept = await sent;
        await Task.WhenAll(clean.SettleAsync(), cleanAtStart.SettleAsync(), held.SettleAsync(), waiting.SettleAsync(), kept.SettleAsync());
        await using var cleanRelay = await RunningRelay.StartAsync(run.Arena, clean.Database, queue.Exchange);
        await using var keptRelay = await RunningRelay.StartAsync(run.Arena, kept.Database, queue.Exchange);
        var (cleanDrain, keptDrain) = (new Drain(run, queue, clean), new Drain(run, queue, kept));
        var (cleanAtStartDrain, waitingDrain) = (new Drain(run, queue, cleanAtStart), new Drain(run, queue, waiting));

        await run.MeasureAsync(Workload, Unit,
            new Contestant(Clean, share => cleanDrain.FromCommitAsync(cleanRelay, Rows(share))),
            new Contestant($"a snapshot held while {Number.Text(million)} rows passed", share => held.DrainAsync(Rows(share)), Clean),
            new Contestant($"{Number.Text(5 * million)} sent rows kept", share => keptDrain.FromCommitBesideOthersAsync(keptRelay, Rows(share)), Clean),
            // A relay that stayed would drain on while the others are measured.
            new Contestant(CleanAtStart, share => cleanAtStartDrain.FromFirstMarkAsync(Rows(share))),
            new Contestant($"{Number.Text(2 * million)} rows waiting, by a relay that has just started", share => waitingDrain.FromFirstMarkInBacklogAsync(Rows(share)), CleanAtStart));
        await run.MeasureAsync(Workload, "ms",
            new Contestant("a row that commits late, under that snapshot", _ => held.LateCommitAsync()) { WarmsUp = false });
        run.Report.Add(Figure.Of(Workload, $"table after marking {Number.Text(million)} rows", "bytes/byte before", [held.Growth], ceiling: 1));

        int Rows(double share) => run.Scale.Of(75_000, 10_000, share);
    }

    private static async Task<OutboxTable> FilledAsync(Run run, BoundQueue queue, int rows, bool sent)
    {
        Run.Progress($"relay-aged: writing {Number.Text(rows)} rows ...");
        var table = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        // By two sessions: the larger table would be written by one core otherwise when the others are done.
        await Task.WhenAll(table.FillAsync(rows / 2, sent: sent), table.FillAsync(rows - (rows / 2), sent: sent));
        return table;
    }
}
