using Bench.Measuring;
using Bench.Setup;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Bench.Lessons;

/// <summary>How many messages a second a consumer takes that has nothing to do with them.</summary>
internal static class AckRate
{
    private const string MessageType = "bench.acknowledging";

    public static async Task<Sample> MeasureAsync(Run run, AckStrategy strategy, string queueType, double share)
    {
        var messages = run.Scale.Of(15_000, 5_000, share);
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.acknowledging", queueType);
        await FillAsync(run, queue, messages);

        await using var connection = await run.Arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.BasicQosAsync(0, AckStrategy.Prefetch, global: false);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var count = 0;
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            await strategy.HandledAsync(channel, delivery.DeliveryTag, ++count);
            if (count == messages)
            {
                all.TrySetResult();
            }
        };
        var meter = await CostMeter.StartAsync(run.Arena, database: null);
        await channel.BasicConsumeAsync(queue.Name, strategy.Automatic, consumer);
        await all.Task.WaitAsync(TimeSpan.FromMinutes(10), run.Stop);
        return await meter.StopAsync(messages);
    }

    public static async Task FillAsync(Run run, BoundQueue queue, int messages)
    {
        await using var publisher = await MemoryPublisher.OpenAsync(run.Arena, channels: 2);
        await publisher.PublishAsync(queue.Exchange, messages, MessageType, _ => new byte[500]);
    }
}
