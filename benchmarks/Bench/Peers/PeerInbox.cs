using Bench.Consuming;
using Bench.Measuring;
using Bench.Setup;

namespace Bench.Peers;

/// <summary>Wolverine's durable inbox empties a queue that was filled before.</summary>
internal sealed class PeerInbox(Run run, BoundQueue queue, EffectTable table, int messages)
{
    public async Task<Sample> RunAsync()
    {
        await table.EmptyAsync();
        await queue.EmptyAsync();
        await using (var publisher = await MemoryPublisher.OpenAsync(run.Arena, channels: 1))
        {
            await publisher.PublishAsync(queue.Exchange, messages, Counting.MessageType, Counting.Body);
        }

        await using var wolverine = await Wolverine.ConsumeAsync(run.Arena, table.Database, queue.Name);
        var sample = await EffectWatch.MeasureAsync(run.Arena, table, messages, wolverine.ProcessId);
        await table.RequireEffectsAsync(messages);
        return sample;
    }
}
