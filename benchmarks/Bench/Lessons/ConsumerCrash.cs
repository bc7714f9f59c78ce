using Bench.Setup;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Bench.Lessons;

/// <summary>A consumer that works on each message for a while is gone in the middle of it: its connection ends without a
/// further word, and what it had in memory is forgotten.</summary>
internal static class ConsumerCrash
{
    private const int Messages = 1_500;
    private const int HandledBeforeTheCrash = 550;
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(1);

    /// <summary>Messages that were neither handled nor are still there; and those that were handled and come again.</summary>
    public static async Task<(int Lost, int Repeated)> RunAsync(Run run, AckStrategy strategy, string queueType)
    {
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.acknowledging", queueType);
        await AckRate.FillAsync(run, queue, Messages);
        var handled = await HandleAndDieAsync(run, strategy, queue);
        await Task.Delay(TimeSpan.FromMilliseconds(500), run.Stop);
        var left = await QueueContents.TakeAsync(run.Arena, queue.Name);
        return (Messages - handled.Union(left.Ids).Count(), handled.Count(left.Ids.Contains));
    }

    private static async Task<HashSet<string>> HandleAndDieAsync(Run run, AckStrategy strategy, BoundQueue queue)
    {
        var connection = await run.Arena.ConnectAsync();
        var channel = await connection.CreateChannelAsync();
        await channel.BasicQosAsync(0, AckStrategy.Prefetch, global: false);
        var handled = new HashSet<string>();
        var dead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            if (handled.Count == HandledBeforeTheCrash)
            {
                // From here on nothing is handled any more, whatever still comes into memory.
                dead.TrySetResult();
                return;
            }

            await Task.Delay(Work);
            handled.Add(delivery.BasicProperties.MessageId!);
            await strategy.HandledAsync(channel, delivery.DeliveryTag, handled.Count);
        };
        await channel.BasicConsumeAsync(queue.Name, strategy.Automatic, consumer);
        await dead.Task.WaitAsync(TimeSpan.FromMinutes(10), run.Stop);
        await connection.AbortAsync(TimeSpan.FromSeconds(1));
        return handled;
    }
}
