using Bench.Measuring;
using Bench.Setup;

namespace Bench.Relaying;

/// <summary>Commits rows while a relay is asleep, and takes the time from that commit until the last row is marked.</summary>
internal sealed class Drain(Run run, BoundQueue queue, OutboxTable table) : IAsyncDisposable
{
    public async Task<Sample> RunAsync(int rows, string key = "NULL", string retention = "7d")
    {
        await table.EmptyAsync();
        await queue.EmptyAsync();
        await using var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange, ("Outbox:Retention", retention));
        var sample = await RunAsync(relay, () => table.FillAsync(rows, key), rows);
        await table.RequireAllSentAsync();
        return sample;
    }

    /// <summary>The same with a relay and rows of the caller's.</summary>
    public async Task<Sample> RunAsync(RunningRelay relay, Func<Task> commit, int rows)
    {
        var before = await queue.CountAsync();
        var all = relay.SentAsync(relay.Sent + rows, run.Stop);
        await commit();
        var meter = await CostMeter.StartAsync(run.Arena, table.Database);
        await all;
        var elapsed = meter.Elapsed;
        var sample = await meter.StopAsync(rows, elapsed);
        var arrived = await queue.CountAsync() - before;
        return arrived == rows ? sample : throw new BenchException($"{rows} rows were relayed, but {arrived} messages are in the queue.");
    }

    public ValueTask DisposeAsync() => table.DisposeAsync();
}
