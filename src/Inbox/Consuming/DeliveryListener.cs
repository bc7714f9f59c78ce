using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Inbox;

/// <summary>Passes on what the broker says to a subscription.</summary>
internal sealed class DeliveryListener(IChannel channel, DeliveryReader reader, Action<Delivery> onDelivery, Action<string> onLost)
    : AsyncDefaultBasicConsumer(channel)
{
    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
        IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        onDelivery(reader.Read(deliveryTag, properties, body));
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
