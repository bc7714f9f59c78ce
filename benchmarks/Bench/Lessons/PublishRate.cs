using Bench.Measuring;
using Bench.Setup;
using RabbitMQ.Client;

namespace Bench.Lessons;

/// <summary>How many messages a second a strategy brings into a queue.</summary>
internal static class PublishRate
{
    public static async Task<Sample> MeasureAsync(Run run, PublishStrategy strategy, string queueType, double share)
    {
        // As many as take about half a second, or two.
        var messages = strategy.Singly ? run.Scale.Of(1_000, 300, share) : run.Scale.Of(15_000, 5_000, share);
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.publishing", queueType);
        await using var connection = await run.Arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(strategy.Confirms, strategy.Confirms));
        var meter = await CostMeter.StartAsync(run.Arena, database: null);
        await strategy.PublishAsync(channel, queue.Name, new Numbered(messages));
        // What was not waited for is on its way still.
        await Eventually.IsTrueAsync(async () => await queue.CountAsync() == messages, TimeSpan.FromMinutes(10), "all messages are in the queue");
        return await meter.StopAsync(messages);
    }
}
