using System.Diagnostics;
using Bench.Relaying;
using Bench.Setup;
using RabbitMQ.Client;

namespace Bench.Latency;

/// <summary>The ceiling: the broker alone. The clock starts when the message is handed to the client.</summary>
internal static class PublishedMessages
{
    private static readonly byte[] Body = new byte[OutboxTable.BodyBytes];

    public static async Task<IReadOnlyList<double>> RunAsync(Run run, BoundQueue queue, int messages)
    {
        await queue.EmptyAsync();
        await using var arrivals = await Arrivals.SubscribeAsync(run.Arena, queue.Name);
        await using var connection = await run.Arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        arrivals.Left(await Pace.RunAsync(run.Scale, messages, async () =>
        {
            var id = Guid.CreateVersion7();
            var since = Stopwatch.GetTimestamp();
            await channel.BasicPublishAsync(
                queue.Exchange, OutboxTable.MessageType, mandatory: true, new BasicProperties { MessageId = id.ToString(), Persistent = true }, Body);
            return new Departure(id, since);
        }));
        return await arrivals.MillisecondsAsync();
    }
}
