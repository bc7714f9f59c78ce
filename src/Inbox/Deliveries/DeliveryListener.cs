using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Inbox;

/// <summary>Passes on what the broker says to a subscription.</summary>
/// <param name="channel">The subscription's.</param>
/// <param name="reader">Reads what is wanted.</param>
/// <param name="wants">Whether a message is, by its <see cref="Delivery.DeliveryCount"/>.</param>
/// <param name="onDelivery">Gets it.</param>
/// <param name="onLost">Called with the reason when the subscription is over.</param>
internal sealed class DeliveryListener(
    IChannel channel, DeliveryReader reader, Func<long, bool> wants, Action<Delivery> onDelivery, Action<string> onLost)
    : AsyncDefaultBasicConsumer(channel)
{
    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
        IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        var count = redelivered ? DeliveryReader.DeliveryCountOf(properties) : 0;
        if (wants(count))
        {
            onDelivery(reader.Read(deliveryTag, count, properties, body));
        }

        return Task.CompletedTask;
    }

    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        onLost("the broker has cancelled the subscription, as it does when the queue is deleted");
        return Task.CompletedTask;
    }

    public override Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason)
    {
        onLost($"{reason.ReplyCode} {reason.ReplyText}");
        return Task.CompletedTask;
    }
}
