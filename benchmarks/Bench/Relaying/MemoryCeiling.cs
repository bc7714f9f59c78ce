using Bench.Measuring;
using Bench.Setup;

namespace Bench.Relaying;

/// <summary>Confirmed publishing of messages that need not be read from anywhere and marked nowhere.</summary>
internal sealed class MemoryCeiling(Run run, BoundQueue queue)
{
    private static readonly ReadOnlyMemory<byte> Body = Enumerable.Repeat((byte)'x', OutboxTable.BodyBytes).ToArray();

    private readonly Dictionary<int, double> _best = new() { [1] = 0, [2] = 0, [4] = 0 };

    /// <summary>The best of 1, 2 and 4 channels: each has had its turn before one is chosen, in every repeat anew.</summary>
    public async Task<Sample> PipelinedAsync(int messages)
    {
        foreach (var channels in _best.Keys)
        {
            _best[channels] = (await PublishAsync(channels, messages / 10, MemoryPublisher.InFlight)).Value;
        }

        return await PublishAsync(_best.MaxBy(rate => rate.Value).Key, messages, MemoryPublisher.InFlight);
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
