using Bench.Measuring;
using Bench.Setup;

namespace Bench.Relaying;

/// <summary>Confirmed publishing of messages that need not be read from anywhere and marked nowhere.</summary>
internal sealed class MemoryCeiling(Run run, BoundQueue queue)
{
    private static readonly ReadOnlyMemory<byte> Body = Enumerable.Repeat((byte)'x', OutboxTable.BodyBytes).ToArray();

    public Task<Sample> PipelinedAsync(int messages, int channels) => PublishAsync(channels, messages, MemoryPublisher.InFlight);

    public Task<Sample> OneByOneAsync(int messages) => PublishAsync(channels: 1, messages, inFlight: 1);

    private async Task<Sample> PublishAsync(int channels, int messages, int inFlight)
    {
        await queue.EmptyAsync();
        await using var publisher = await MemoryPublisher.OpenAsync(run.Arena, channels);
        var meter = await CostMeter.StartAsync(run.Arena, database: null);
        await publisher.PublishAsync(queue.Exchange, messages, OutboxTable.MessageType, _ => Body, inFlight);
        return await meter.StopAsync(messages);
    }
}
