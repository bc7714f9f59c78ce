using System.Diagnostics;
using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;

namespace Bench.Outage;

/// <summary>Kills the broker under a relay that publishes, starts it again, and counts what has arrived in the end.</summary>
internal sealed class BrokerOutage(Run run, BoundQueue queue, OutboxTable table, Drain drain)
{
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);

    /// <summary>From the broker's first answer to the first row that is marked, for each repeat.</summary>
    public List<Sample> Seconds { get; } = [];

    /// <summary>Messages that were in the queue twice.</summary>
    public List<Sample> Duplicates { get; } = [];

    /// <summary>Rows that are not in the queue.</summary>
    public List<Sample> Lost { get; } = [];

    /// <summary>Messages a second after the outage.</summary>
    public async Task<Sample> RunAsync(int waiting)
    {
        await table.EmptyAsync();
        await queue.EmptyForGoodAsync(run.Stop);
        await using var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange);
        var first = relay.SentAsync(1, run.Stop);
        await table.FillAsync(waiting);
        await first;
        await run.Arena.RabbitMq.KillAsync();
        // What was confirmed before is still being marked.
        await Task.Delay(Settling, run.Stop);
        var sent = (int)relay.Sent;
        await table.FillAsync(sent);

        await run.Arena.RabbitMq.StartAsync(run.Stop);
        Run.Progress("outage: the broker answers again");
        var watch = Stopwatch.StartNew();
        await relay.SentAsync(sent + 1, run.Stop);
        Seconds.Add(new Sample(watch.Elapsed.TotalSeconds));
        Run.Progress($"outage: {waiting} rows wait, the first has come after {watch.Elapsed.TotalSeconds:0.0} s");

        var rows = waiting + sent;
        var sample = await drain.FromNowAsync(relay, rows);

        await table.RequireAllSentAsync();
        await queue.ConnectAsync();
        var contents = await QueueContents.TakeAsync(run.Arena, queue.Name);
        Duplicates.Add(new Sample(contents.Duplicates));
        Lost.Add(new Sample(rows - contents.Ids.Count));
        return sample;
    }
}
