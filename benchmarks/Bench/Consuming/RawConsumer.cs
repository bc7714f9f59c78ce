using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Channels;
using Bench.Setup;
using Npgsql;
using NpgsqlTypes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Bench.Consuming;

/// <summary>The ceiling: decodes the same messages and writes the same rows with the least that keeps them safe. One round
/// trip inserts the inbox rows and the effects of a batch and commits them; then one ack settles it. No handlers, no
/// retries, no order, no context.</summary>
internal sealed class RawConsumer(NpgsqlDataSource database, IChannel channel, string queue)
{
    private const int Batch = 100;
    private const ushort Prefetch = 400;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly Channel<Arrival> _arrived = Channel.CreateUnbounded<Arrival>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    /// <summary>Handles messages until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await channel.BasicQosAsync(0, Prefetch, global: false, stop);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            // The body is the client's again when this returns.
            var body = delivery.Body.Span;
            _arrived.Writer.TryWrite(new Arrival(
                delivery.DeliveryTag, Guid.Parse(delivery.BasicProperties.MessageId!), JsonSerializer.Deserialize<Counting>(body, Json)!.Number, SHA256.HashData(body)));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, stop);

        var batch = new List<Arrival>(Batch);
        while (await _arrived.Reader.WaitToReadAsync(stop))
        {
            while (batch.Count < Batch && _arrived.Reader.TryRead(out var arrival))
            {
                batch.Add(arrival);
            }

            await StoreAsync(batch);
            await channel.BasicAckAsync(batch[^1].Tag, multiple: true, CancellationToken.None);
            batch.Clear();
        }
    }

    private async Task StoreAsync(List<Arrival> arrivals)
    {
        var ids = arrivals.Select(arrival => arrival.MessageId).ToArray();
        await using var connection = await database.OpenConnectionAsync();
        // The statements of a batch are one transaction.
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(
                    "INSERT INTO inbox_message (consumer, message_id, received_at, body_hash) SELECT 'raw', id, now(), hash FROM unnest($1, $2) AS new (id, hash) ON CONFLICT DO NOTHING")
                {
                    Parameters =
                    {
                        new NpgsqlParameter<Guid[]> { TypedValue = ids },
                        new NpgsqlParameter { Value = arrivals.Select(arrival => arrival.Hash).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea },
                    },
                },
                new NpgsqlBatchCommand("INSERT INTO effect (message_id, number) SELECT id, number FROM unnest($1, $2) AS new (id, number)")
                {
                    Parameters =
                    {
                        new NpgsqlParameter<Guid[]> { TypedValue = ids },
                        new NpgsqlParameter<int[]> { TypedValue = arrivals.Select(arrival => arrival.Number).ToArray() },
                    },
                },
            },
        };
        await batch.ExecuteNonQueryAsync();
    }

    private readonly record struct Arrival(ulong Tag, Guid MessageId, int Number, byte[] Hash);
}
