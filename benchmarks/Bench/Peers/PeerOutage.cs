using System.Diagnostics;
using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;

namespace Bench.Peers;

/// <summary>The broker is killed while orders are committed, and comes back. In the end every committed order must have its
/// message in the queue. Twice only, since each may take a minute.</summary>
internal sealed class PeerOutage(Run run, int messages)
{
    private const string Workload = "peers: outage";
    private static readonly TimeSpan FirstDeadline = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);
    // Wolverine looks every five seconds for what is to be sent again.
    private static readonly TimeSpan TwoPolls = TimeSpan.FromSeconds(11);

    /// <summary>Lets all bear the same outages: most of a minute is waiting.</summary>
    public async Task RunAsync(params IReadOnlyList<Entrant> entrants)
    {
        var outcomes = entrants.ToDictionary(entrant => entrant, _ => new List<OutageOutcome>());
        var rounds = run.Scale.Of(2, 1);
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var (entrant, outcome) in entrants.Zip(await OnceAsync(entrants)))
            {
                outcomes[entrant].Add(outcome);
                Run.Progress($"{Workload}, {entrant.Variant}, {round} of {rounds}: {outcome}");
            }
        }

        foreach (var (entrant, its) in outcomes)
        {
            Report(entrant.Variant, its);
        }
    }

    private void Report(string variant, List<OutageOutcome> outcomes)
    {
        run.Report.Add(Workload, variant, "messages lost", Samples(outcome => outcome.Lost));
        run.Report.Add(Workload, variant, "messages still in its outbox", Samples(outcome => outcome.Waiting));
        run.Report.Add(Workload, variant, "messages doubled", Samples(outcome => outcome.Doubled));
        // Where some were left the last one is still to come, and a median of the other rounds would be too good.
        if (outcomes.TrueForAll(outcome => outcome.Waiting == 0))
        {
            run.Report.Add(Workload, variant, "s from the broker's return to the last message", Samples(outcome => outcome.Last.TotalSeconds));
        }

        List<Sample> Samples(Func<OutageOutcome, double> figure) => outcomes.ConvertAll(outcome => new Sample(figure(outcome)));
    }

    private async Task<OutageOutcome[]> OnceAsync(IReadOnlyList<Entrant> entrants)
    {
        List<IContender> started = [];
        try
        {
            foreach (var entrant in entrants)
            {
                await Handover.PrepareAsync(entrant.Table);
                // The outage of others has ended its connection.
                await entrant.Queue.ConnectAsync();
                await entrant.Queue.EmptyForGoodAsync(run.Stop);
                started.Add(await entrant.StartAsync());
            }

            var committing = started.ConvertAll(one => one.CommitAsync(messages, Handover.Committers));
            await Task.WhenAll(entrants.Select(entrant => Eventually.IsTrueAsync(
                async () => await entrant.Queue.CountAsync() >= messages / 5, FirstDeadline, "the first fifth is in the queue")));
            await run.Arena.RabbitMq.KillAsync();
            await run.Arena.RabbitMq.StartAsync(run.Stop);
            var back = Stopwatch.StartNew();
            return await Task.WhenAll(entrants.Select((entrant, i) => SurviveAsync(entrant, started[i], committing[i], back)));
        }
        finally
        {
            foreach (var one in started)
            {
                await one.DisposeAsync();
            }
        }
    }

    private async Task<OutageOutcome> SurviveAsync(Entrant entrant, IContender started, Task committing, Stopwatch back)
    {
        await entrant.Queue.ConnectAsync();
        await committing;
        var last = await UntilNothingComesAsync(entrant.Queue, started, back);
        var waiting = await started.WaitingAsync();
        var kept = await QueueContents.TakeAsync(run.Arena, entrant.Queue.Name);
        var committed = await entrant.Table.Database.ScalarAsync<long>("SELECT count(*) FROM purchase");
        return new OutageOutcome(committed, Math.Max(0, committed - kept.Ids.Count - waiting), waiting, kept.Duplicates, last);
    }

    // Who has lost messages never gets to all of them, so the end is when nothing has come for a while. The while is short when nothing is
    // left that could come.
    private static async Task<TimeSpan> UntilNothingComesAsync(BoundQueue queue, IContender contender, Stopwatch back)
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

/// <summary>What has become of the messages of one outage.</summary>
internal sealed record OutageOutcome(long Committed, long Lost, long Waiting, long Doubled, TimeSpan Last)
{
    public override string ToString() =>
        $"{Committed} committed, {Lost} lost, {Waiting} still in its outbox, {Doubled} doubled, the last one {Last.TotalSeconds:0.0} s after the broker's return";
}
