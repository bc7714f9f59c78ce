using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace PlaceOrders;

/// <summary>A queue of our own beside the consumers' queues, bound to exactly their routing keys. What arrives here, the
/// broker has accepted.</summary>
internal sealed class Tap : IAsyncDisposable
{
    private const int AckEvery = 500;

    // A tap on everything would be a queue for messages that no consumer is bound to, and hide that they are unroutable.
    private static readonly string[] RoutingKeys =
    [
        "orders.order-placed.v1", "orders.order-confirmed.v1", "orders.order-rejected.v1", "orders.order-cancelled.v1",
    ];

    private readonly ConcurrentDictionary<Guid, byte> _seen = new();
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly string _queue = "tap." + Guid.NewGuid().ToString("N");
    private int _unacked;

    private Tap(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    /// <summary>How many different messages have arrived, of this run or not.</summary>
    public int Count => _seen.Count;

    /// <summary>Declares and binds the queue, and begins to drain it.</summary>
    /// <exception cref="PlacingException">The broker refuses.</exception>
    public static async Task<Tap> OpenAsync(string uri, string exchange, CancellationToken cancellationToken)
    {
        try
        {
            var factory = new ConnectionFactory { Uri = new Uri(uri), AutomaticRecoveryEnabled = false, ClientProvidedName = "place-orders tap" };
            var connection = await factory.CreateConnectionAsync(cancellationToken);
            var tap = new Tap(connection, await connection.CreateChannelAsync(cancellationToken: cancellationToken));
            await tap.DrainAsync(exchange, cancellationToken);
            return tap;
        }
        catch (Exception exception) when (exception is RabbitMQClientException or IOException)
        {
            throw new PlacingException($"The tap queue cannot be opened at exchange {exchange}: {exception.Message}");
        }
    }

    public bool HasSeen(Guid messageId) => _seen.ContainsKey(messageId);

    /// <exception cref="PlacingException">The connection is gone, so that the tap no longer sees what the broker accepts.</exception>
    public void ThrowIfLost()
    {
        if (!_channel.IsOpen)
        {
            throw new PlacingException($"The tap queue was lost: {_channel.CloseReason?.ReplyText}. What was published since is unknown.");
        }
    }

    /// <summary>How many messages wait in a queue for a consumer; 0 where there is no such queue.</summary>
    public async Task<uint> WaitingAsync(string queue, CancellationToken cancellationToken)
    {
        // A question about a queue that does not exist closes the channel it is asked on.
        await using var channel = await _connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount;
        }
        catch (OperationInterruptedException)
        {
            return 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel.IsOpen)
        {
            await _channel.QueueDeleteAsync(_queue);
        }

        await _connection.DisposeAsync();
    }

    private async Task DrainAsync(string exchange, CancellationToken cancellationToken)
    {
        await _channel.ExchangeDeclarePassiveAsync(exchange, cancellationToken);
        // Exclusive: it goes with this process, also when that is killed.
        await _channel.QueueDeclareAsync(_queue, durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellationToken);
        foreach (var routingKey in RoutingKeys)
        {
            await _channel.QueueBindAsync(_queue, exchange, routingKey, cancellationToken: cancellationToken);
        }

        await _channel.BasicQosAsync(0, AckEvery * 4, global: false, cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += RecordAsync;
        await _channel.BasicConsumeAsync(_queue, autoAck: false, consumer, cancellationToken);
    }

    private async Task RecordAsync(object sender, BasicDeliverEventArgs delivery)
    {
        if (Guid.TryParse(delivery.BasicProperties.MessageId, out var messageId))
        {
            _seen.TryAdd(messageId, 0);
        }

        if (++_unacked >= AckEvery)
        {
            _unacked = 0;
            await _channel.BasicAckAsync(delivery.DeliveryTag, multiple: true);
        }
    }
}
