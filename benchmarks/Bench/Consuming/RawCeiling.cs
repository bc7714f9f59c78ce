using Bench.Measuring;
using Bench.Setup;

namespace Bench.Consuming;

/// <summary>The ceiling of consuming: see <see cref="RawConsumer"/>.</summary>
internal sealed class RawCeiling(Run run, EffectTable table, BoundQueue queue)
{
    /// <summary>By one consumer, or by several side by side.</summary>
    public async Task<Sample> HandleAsync(int messages, int consumers)
    {
        await table.EmptyAsync();
        await queue.EmptyAsync();
        await using (var publisher = await MemoryPublisher.OpenAsync(run.Arena, channels: 2))
        {
            await publisher.PublishAsync(queue.Exchange, messages, Counting.MessageType, Counting.Body);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(run.Stop);
        await using var connection = await run.Arena.ConnectAsync();
        List<Task> running = [];
        for (var i = 0; i < consumers; i++)
        {
            running.Add(new RawConsumer(table.Database.Source, await connection.CreateChannelAsync(), queue.Name).RunAsync(stop.Token));
        }

        var watch = EffectWatch.MeasureAsync(run.Arena, table, messages, client: null);
        // A consumer that fails ends the wait for it.
        await await Task.WhenAny([watch, .. running]);
        await stop.CancelAsync();
        await Task.WhenAll(running).ContinueWith(_ => { }, TaskScheduler.Default);
        await table.RequireEffectsAsync(messages);
        return await watch;
    }
}
