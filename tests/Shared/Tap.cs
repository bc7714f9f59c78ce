using System.Text;
using RabbitMQ.Client;

namespace TestSupport;

/// <summary>A message as the broker handed it over.</summary>
public sealed record TapDelivery(
    string? MessageId, string? Type, string RoutingKey, string? Key, byte[] Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The AMQP properties; its headers are as they came.</summary>
    public required IReadOnlyBasicProperties Properties { get; init; }
}

/// <summary>A queue of the test's own that gets a copy of every message with certain routing keys, in the broker's order.
/// It is bound to exactly the keys that consumers are bound to: a tap on everything would make unroutable messages
/// routable. The broker keeps the copies, through restarts too, until they are read.</summary>
public sealed class Tap : IAsyncDisposable
{
    private readonly string _uri;
    private readonly string _queue = "tap." + Guid.NewGuid().ToString("N")[..12];
    private readonly List<TapDelivery> _deliveries = [];
    private IConnection? _connection;
    private IChannel? _channel;

    private Tap(string uri) => _uri = uri;

    /// <summary>The name of the queue.</summary>
    public string Queue => _queue;

    /// <summary>Everything that was read so far, repeats included, in the order of arrival.</summary>
    public IReadOnlyList<TapDelivery> Deliveries => _deliveries;

    /// <summary>Starts to collect. The topic exchange is declared, durable, where it does not exist yet.</summary>
    public static async Task<Tap> OpenAsync(string uri, string exchange, params IReadOnlyList<string> routingKeys)
    {
        var tap = new Tap(uri);
        var channel = await tap.ChannelAsync();
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Topic, durable: true);
        await channel.QueueDeclareAsync(tap._queue, durable: true, exclusive: false, autoDelete: false);
        foreach (var routingKey in routingKeys)
        {
            await channel.QueueBindAsync(tap._queue, exchange, routingKey);
        }

        return tap;
    }

    /// <summary>Reads what has arrived since the last time, and returns everything.</summary>
    public async Task<IReadOnlyList<TapDelivery>> ReadAsync()
    {
        var channel = await ChannelAsync();
        List<TapDelivery> read = [];
        var lastTag = 0UL;
        while (await channel.BasicGetAsync(_queue, autoAck: false) is { } message)
        {
            lastTag = message.DeliveryTag;
            var headers = Headers(message.BasicProperties);
            read.Add(new TapDelivery(
                message.BasicProperties.MessageId,
                message.BasicProperties.Type,
                message.RoutingKey,
                headers.GetValueOrDefault("key"),
                message.Body.ToArray(),
                headers)
            {
                Properties = message.BasicProperties,
            });
        }

        if (read.Count > 0)
        {
            await channel.BasicAckAsync(lastTag, multiple: true);
            // The answer proves that the ack arrived: only then are the messages not read a second time after a failure.
            await channel.QueueDeclarePassiveAsync(_queue);
            _deliveries.AddRange(read);
        }

        return _deliveries;
    }

    /// <summary>Reads until <paramref name="count"/> different messages have been seen; fails the test when they do not
    /// come in time. Repeats of a message are in the result too.</summary>
    public async Task<IReadOnlyList<TapDelivery>> ReadUntilAsync(int count, TimeSpan deadline)
    {
        await Eventually.IsTrueAsync(
            async () => (await ReadAsync()).DistinctBy(delivery => delivery.MessageId).Count() >= count,
            deadline,
            () => $"{count} messages at the tap (there are {_deliveries.DistinctBy(delivery => delivery.MessageId).Count()})");
        return _deliveries;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_channel is { IsOpen: true })
        {
            await _channel.QueueDeleteAsync(_queue);
        }

        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }
    }

    private async Task<IChannel> ChannelAsync()
    {
        if (_channel is not { IsOpen: true })
        {
            if (_connection is not null)
            {
                await _connection.DisposeAsync();
            }

            var factory = new ConnectionFactory { Uri = new Uri(_uri), AutomaticRecoveryEnabled = false };
            _connection = await factory.CreateConnectionAsync();
            _channel = await _connection.CreateChannelAsync();
        }

        return _channel;
    }

    private static Dictionary<string, string> Headers(IReadOnlyBasicProperties properties) =>
        (properties.Headers ?? new Dictionary<string, object?>())
            .Where(header => header.Value is not null)
            .ToDictionary(
                header => header.Key,
                header => header.Value is byte[] text ? Encoding.UTF8.GetString(text) : header.Value!.ToString()!);
}
