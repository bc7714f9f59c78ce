using Bench.Consuming;
using Bench.Measuring;
using Bench.Setup;

namespace Bench.Peers;

/// <summary>Wolverine's durable inbox empties a queue that was filled before.</summary>
internal sealed class PeerInbox(Run run, WolverineProgram program, BoundQueue queue, EffectTable table, int messages)
{
    public async Task<Sample> RunAsync()
    {
        await table.EmptyAsync();
        await WolverineHost.ForgetAsync(table.Database);
        await queue.EmptyAsync();
        await using (var publisher = await MemoryPublisher.OpenAsync(run.Arena, channels: 2))
        {
            await publisher.PublishAsync(queue.Exchange, messages, Counting.MessageType, Counting.Body);
        }

        await using var wolverine = await program.StartAsync();
        var sample = await EffectWatch.MeasureAsync(run.Arena, table, messages, wolverine.ProcessId);
        await table.RequireEffectsAsync(messages);
        return sample;
    }
}
