using Bench.Measuring;
using Bench.Setup;

namespace Bench.Consuming;

/// <summary>The ceiling of consuming: see <see cref="RawConsumer"/>.</summary>
internal sealed class RawCeiling(Run run, EffectTable table, BoundQueue queue)
{
    /// <summary>The better of one consumer and of two side by side.</summary>
    public async Task<Sample> HandleAsync(int messages)
    {
        var one = await HandleAsync(messages, consumers: 1);
        var two = await HandleAsync(messages, consumers: 2);
        return one.Value > two.Value ? one : two;
    }

    private async Task<Sample> HandleAsync(int messages, int consumers)
    {
        await table.EmptyAsync();
        await queue.EmptyAsync();
        await using (var publisher = await MemoryPublisher.OpenAsync(run.Arena, channels: 2))
        {
            await publisher.PublishAsync(queue.Exchange, messages, Counting.MessageType, Counting.Body);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(run.Stop);
        var handled = 0L;
        var (first, all) = (NewSignal(), NewSignal());
        await using var connection = await run.Arena.ConnectAsync();
        List<Task> running = [];
        for (var i = 0; i < consumers; i++)
        {
            running.Add(new RawConsumer(table.Database.Source, await connection.CreateChannelAsync(), queue.Name).RunAsync(Handled, stop.Token));
        }

        // A consumer that fails ends the wait for it.
        await await Task.WhenAny([first.Task, .. running]);
        var meter = await CostMeter.StartAsync(run.Arena, table.Database);
        var before = Interlocked.Read(ref handled);
        await await Task.WhenAny([all.Task, .. running]);
        var sample = await meter.StopAsync(messages - before);
        await stop.CancelAsync();
        await Task.WhenAll(running).ContinueWith(_ => { }, TaskScheduler.Default);
        await table.RequireEffectsAsync(messages);
        return sample;

        void Handled(int batch)
        {
            first.TrySetResult();
            if (Interlocked.Add(ref handled, batch) >= messages)
            {
                all.TrySetResult();
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
