using Bench.Measuring;
using Bench.Setup;

namespace Bench.Relaying;

/// <summary>Confirmed publishing of messages that need not be read from anywhere and marked nowhere.</summary>
internal sealed class MemoryCeiling(Run run, BoundQueue queue)
{
    private static readonly ReadOnlyMemory<byte> Body = Enumerable.Repeat((byte)'x', OutboxTable.BodyBytes).ToArray();

    /// <summary>The best of 1, 2 and 4 channels: each publishes all messages, in every repeat anew.</summary>
    public async Task<Sample> PipelinedAsync(int messages)
    {
        var one = await PublishAsync(channels: 1, messages, MemoryPublisher.InFlight);
        var two = await PublishAsync(channels: 2, messages, MemoryPublisher.InFlight);
        var four = await PublishAsync(channels: 4, messages, MemoryPublisher.InFlight);
        return new[] { one, two, four }.MaxBy(sample => sample.Value)!;
    }

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
