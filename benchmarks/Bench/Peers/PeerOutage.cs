using System.Diagnostics;
using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;

namespace Bench.Peers;

/// <summary>The broker is killed while orders are committed, and comes back. In the end every committed order must have its
/// message in the queue. Twice only, since each may take a minute.</summary>
internal sealed class PeerOutage(Run run, BoundQueue queue, int messages)
{
    private const string Workload = "peers: outage";
    private static readonly TimeSpan FirstDeadline = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);
    // Wolverine looks every five seconds for what is to be sent again.
    private static readonly TimeSpan TwoPolls = TimeSpan.FromSeconds(11);

    public async Task RunAsync(string variant, OutboxTable table, Func<Task<IContender>> start)
    {
        var (lost, waiting, doubled, seconds) = (new List<Sample>(), new List<Sample>(), new List<Sample>(), new List<Sample>());
        var rounds = run.Scale.Of(2, 1);
        for (var round = 1; round <= rounds; round++)
        {
            var (kept, left, elapsed) = await OnceAsync(table, start);
            var committed = await table.Database.ScalarAsync<long>("SELECT count(*) FROM purchase");
            var missing = Math.Max(0, committed - kept.Ids.Count - left);
            lost.Add(new Sample(missing));
            waiting.Add(new Sample(left));
            doubled.Add(new Sample(kept.Duplicates));
            if (left == 0)
            {
                seconds.Add(new Sample(elapsed.TotalSeconds));
            }

            Run.Progress(
                $"{Workload}, {variant}, {round} of {rounds}: {committed} committed, {missing} lost, {left} still in its outbox, {kept.Duplicates} doubled, "
                + $"the last one {elapsed.TotalSeconds:0.0} s after the broker's return");
        }

        run.Report.Add(Workload, variant, "messages lost", lost);
        run.Report.Add(Workload, variant, "messages still in its outbox", waiting);
        run.Report.Add(Workload, variant, "messages doubled", doubled);
        // Where some were left the last one is still to come, and a median of the other rounds would be too good.
        if (seconds.Count == rounds)
        {
            run.Report.Add(Workload, variant, "s from the broker's return to the last message", seconds);
        }
    }

    private async Task<(QueueContents Kept, long Left, TimeSpan Elapsed)> OnceAsync(OutboxTable table, Func<Task<IContender>> start)
    {
        await Handover.PrepareAsync(table);
        await queue.EmptyForGoodAsync(run.Stop);
        await using var contender = await start();
        var committing = contender.CommitAsync(messages, Handover.Committers);
        await Eventually.IsTrueAsync(async () => await queue.CountAsync() >= messages / 5, FirstDeadline, "the first fifth is in the queue");
        await run.Arena.RabbitMq.KillAsync();
        await run.Arena.RabbitMq.StartAsync(run.Stop);
        var back = Stopwatch.StartNew();
        await queue.ConnectAsync();
        await committing;
        var elapsed = await UntilNothingComesAsync(contender, back);
        var left = await contender.WaitingAsync();
        return (await QueueContents.TakeAsync(run.Arena, queue.Name), left, elapsed);
    }

    // Who has lost messages never gets to all of them, so the end is when nothing has come for a while. The while is short when nothing is
    // left that could come.
    private async Task<TimeSpan> UntilNothingComesAsync(IContender contender, Stopwatch back)
    {
        var (count, last, changed) = (-1L, back.Elapsed, Stopwatch.StartNew());
        while (changed.Elapsed < TwoPolls && back.Elapsed < Deadline)
        {
            if (await queue.CountAsync() is var now && now != count)
            {
                (count, last) = (now, back.Elapsed);
                changed.Restart();
            }
            else if (changed.Elapsed >= Settling && await contender.WaitingAsync() == 0)
            {
                break;
            }

            await Task.Delay(50);
        }

        return last;
    }
}
