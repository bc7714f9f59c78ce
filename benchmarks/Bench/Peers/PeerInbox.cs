using Bench.Consuming;
using Bench.Measuring;
using Bench.Setup;

namespace Bench.Peers;

/// <summary>Wolverine's durable inbox empties a queue that was filled before.</summary>
internal sealed class PeerInbox(Run run, BoundQueue queue, EffectTable table, int messages)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    public async Task<Sample> RunAsync()
    {
        await table.EmptyAsync();
        await queue.EmptyAsync();
        await using (var publisher = await MemoryPublisher.OpenAsync(run.Arena, channels: 1))
        {
            await publisher.PublishAsync(queue.Exchange, messages, Counting.MessageType, Counting.Body);
        }

        await using var wolverine = await Wolverine.ConsumeAsync(run.Arena, table.Database, queue.Name);
        await Eventually.IsTrueAsync(async () => await EffectsAsync() > 0, Deadline, "the first effect");
        var before = await EffectsAsync();
        var meter = await CostMeter.StartAsync(run.Arena, table.Database, wolverine.ProcessId);
        await Eventually.IsTrueAsync(async () => await EffectsAsync() >= messages, Deadline, "all effects");
        var sample = await meter.StopAsync(messages - before, meter.Elapsed);
        await table.RequireEffectsAsync(messages);
        return sample;
    }

    private Task<long> EffectsAsync() => table.Database.ScalarAsync<long>("SELECT count(*) FROM effect");
}
