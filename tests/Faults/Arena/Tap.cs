using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Faults;

/// <summary>What arrived at the tap.</summary>
/// <param name="At">When, by the clock of this machine.</param>
/// <param name="Message">The property message_id.</param>
/// <param name="Type">The property type.</param>
/// <param name="Key">The header key.</param>
/// <param name="Body">SHA-256 of the body.</param>
/// <param name="App">The property app_id; messages that the harness makes up carry its own.</param>
internal sealed record TapDelivery(DateTime At, string? Message, string? Type, string? Key, string Body, string? App);

/// <summary>A queue of the harness's own that gets a copy of every message with exactly the routing keys of the consumers: a
/// tap on everything would make unroutable messages routable. What arrives is written to a log in its order.</summary>
internal sealed class Tap(Broker broker, string file) : IAsyncDisposable
{
    public const string Exchange = "orders.events";
    public const string OwnApp = "faults";

    /// <summary>The routing keys of the consumers, and the queue of each.</summary>
    public static readonly IReadOnlyDictionary<string, string> Consumers = new Dictionary<string, string>
    {
        ["orders.order-placed.v1"] = Queues.Fulfilment,
        ["orders.order-cancelled.v1"] = Queues.Fulfilment,
        ["orders.order-confirmed.v1"] = Queues.Notifications,
        ["orders.order-rejected.v1"] = Queues.Notifications,
    };

    private const int Remembered = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<(BasicProperties Properties, string RoutingKey, byte[] Body)> _recent = new();
    private readonly HashSet<Guid> _seen = [];
    private bool _more;
    private JsonLinesWriter<TapDelivery> _log = new(file);
    private Task _tapping = Task.CompletedTask;

    /// <summary>The last few hundred messages, whole.</summary>
    public IReadOnlyList<(BasicProperties Properties, string RoutingKey, byte[] Body)> Recent => [.. _recent];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (var connection = await broker.ConnectAsync(cancellationToken))
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);
            await channel.QueueDeclareAsync(
                Queues.Tap, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancellationToken);
            await BindAsync(channel, cancellationToken);
        }

        _tapping = TapAsync();
    }

    /// <summary>Binds the queue again, after its exchange was deleted.</summary>
    public async Task BindAgainAsync(CancellationToken cancellationToken)
    {
        await using var connection = await broker.ConnectAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);
        await BindAsync(channel, cancellationToken);
    }

    /// <summary>Writes into another file from now on.</summary>
    public void Turn(string path)
    {
        lock (_lock)
        {
            _log.Dispose();
            _log = new JsonLinesWriter<TapDelivery>(path);
            _seen.Clear();
            _more = false;
        }
    }

    /// <summary>Whether all of these messages are in the log since it was last turned; if so, all of it is in the file.</summary>
    public bool HasSeen(IEnumerable<Guid> messages)
    {
        lock (_lock)
        {
            _log.Flush();
            return messages.All(_seen.Contains);
        }
    }

    /// <summary>Whether more has come since than each message of the service once: the consumers' queues got it too, and behind what they
    /// had still to do.</summary>
    public bool HasSeenMore
    {
        get
        {
            lock (_lock)
            {
                return _more;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _tapping;
        _log.Dispose();
        _stop.Dispose();
    }

    private static async Task BindAsync(IChannel channel, CancellationToken cancellationToken)
    {
        foreach (var routingKey in Consumers.Keys)
        {
            await channel.QueueBindAsync(Queues.Tap, Exchange, routingKey, cancellationToken: cancellationToken);
        }
    }

    private async Task TapAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await broker.ConnectAsync(_stop.Token);
                await using var channel = await connection.CreateChannelAsync(cancellationToken: _stop.Token);
                var lost = new TaskCompletionSource();
                channel.ChannelShutdownAsync += (_, _) => Task.FromResult(lost.TrySetResult());
                await channel.BasicQosAsync(0, 1000, global: false, _stop.Token);
                var consumer = new AsyncEventingBasicConsumer(channel);
                consumer.ReceivedAsync += (_, delivery) => TakeAsync(channel, delivery);
                await channel.BasicConsumeAsync(Queues.Tap, autoAck: false, consumer, _stop.Token);
                await lost.Task.WaitAsync(_stop.Token);
            }
            catch (Exception) when (!_stop.IsCancellationRequested)
            {
                // The broker is one of the things that faults happen to.
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    private async Task TakeAsync(IChannel channel, BasicDeliverEventArgs delivery)
    {
        var properties = delivery.BasicProperties;
        var known = Guid.TryParse(properties.MessageId, out var message);
        var body = delivery.Body.ToArray();
        lock (_lock)
        {
            // What comes again because this very connection was lost is no repeat of the publisher's.
            var isNew = known && _seen.Add(message);
            _more |= !isNew || properties.AppId == OwnApp;
            if (!known || isNew || !delivery.Redelivered)
            {
                _log.Write(new TapDelivery(
                    DateTime.UtcNow, properties.MessageId, properties.Type, KeyOf(properties), Convert.ToHexString(SHA256.HashData(body)), properties.AppId));
            }
        }

        if (properties.AppId != OwnApp)
        {
            _recent.Enqueue((new BasicProperties(properties), delivery.RoutingKey, body));
            while (_recent.Count > Remembered)
            {
                _recent.TryDequeue(out _);
            }
        }

        await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, _stop.Token);
    }

    private static string? KeyOf(IReadOnlyBasicProperties properties) =>
        properties.Headers?.TryGetValue("key", out var key) == true && key is byte[] text ? Encoding.UTF8.GetString(text) : null;
}
