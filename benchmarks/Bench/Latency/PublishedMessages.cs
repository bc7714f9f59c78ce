using Bench.Relaying;
using Bench.Setup;
using RabbitMQ.Client;

namespace Bench.Latency;

/// <summary>The ceiling: the broker alone. The clock starts when the message is handed to the client.</summary>
internal static class PublishedMessages
{
    private static readonly byte[] Body = new byte[OutboxTable.BodyBytes];

    public static async Task<IReadOnlyList<double>> RunAsync(Run run, BoundQueue queue)
    {
        await using var arrivals = await Arrivals.SubscribeAsync(run.Arena, queue.Name);
        await using var connection = await run.Arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await Pace.RunAsync(run.Scale, async () =>
        {
            var id = Guid.CreateVersion7();
            arrivals.Left(id);
            await channel.BasicPublishAsync(
                queue.Exchange, OutboxTable.MessageType, mandatory: true, new BasicProperties { MessageId = id.ToString(), Persistent = true }, Body);
        });
        return await arrivals.MillisecondsAsync();
    }
}
