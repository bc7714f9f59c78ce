using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Bench.Setup;

/// <summary>Takes everything out of a queue and counts it.</summary>
/// <param name="Messages">How many messages there were.</param>
/// <param name="Ids">Their different ids.</param>
internal sealed record QueueContents(int Messages, IReadOnlySet<string> Ids)
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(700);

    /// <summary>How many were there more than once, counting each repeat.</summary>
    public int Duplicates => Messages - Ids.Count;

    /// <summary>Reads until the queue is empty and nothing has come for a while.</summary>
    public static async Task<QueueContents> TakeAsync(Arena arena, string queue)
    {
        await using var connection = await arena.ConnectAsync();
        var channel = await connection.CreateChannelAsync();
        var (messages, ids) = (0, new HashSet<string>());
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            lock (ids)
            {
                messages++;
                ids.Add(delivery.BasicProperties.MessageId!);
            }

            return Task.CompletedTask;
        };
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        consumer.UnregisteredAsync += (_, _) =>
        {
            ended.TrySetResult();
            return Task.CompletedTask;
        };
        var subscription = await channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        for (var seen = -1; seen != Volatile.Read(ref messages) || await channel.MessageCountAsync(queue) > 0;)
        {
            seen = Volatile.Read(ref messages);
            await Task.Delay(Silence);
        }

        // On a busy machine some may still be on their way: they are handed over before this is answered.
        await channel.BasicCancelAsync(subscription);
        await ended.Task;
        return new QueueContents(messages, ids);
    }
}
