using System.Globalization;
using Messaging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>Turns what the broker delivers into a <see cref="Delivery"/>. It never throws and never guesses: what is not as
/// it should be becomes a defect. It runs no code of the service's, on which everything else that the broker says would wait.</summary>
internal sealed class DeliveryReader(QueueDefinition queue)
{
    // https://www.rabbitmq.com/docs/dlx#effects
    private const string DeliveryLimit = "delivery_limit";
    private const string Rejected = "rejected";

    /// <summary>The <see cref="Delivery.DeliveryCount"/> of one that is redelivered. At a first delivery the broker sets none, and what is
    /// there has come along from another queue.</summary>
    public static long DeliveryCountOf(IReadOnlyBasicProperties properties) =>
        WireHeaders.TryInteger(properties.Headers, MessageHeaders.DeliveryCount, out var deliveries) ? deliveries ?? 0 : 0;

    public Delivery Read(ulong tag, long count, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        var bytes = body.ToArray();
        if (!Guid.TryParseExact(properties.MessageId, "D", out var messageId) || messageId == Guid.Empty)
        {
            return Defective("message_id is missing or is not a UUID.");
        }

        if (properties.Type is not { } type || !queue.Handlers.TryGetValue(type, out var handler))
        {
            return Defective("The type is not one that this queue has a handler for.");
        }

        if (!WireHeaders.TryText(properties.Headers, MessageHeaders.Key, out var key))
        {
            return Defective($"The header {MessageHeaders.Key} is not a text.");
        }

        if (!WireHeaders.TryInteger(properties.Headers, MessageHeaders.Attempt, out var failures) || failures is < 0 or > int.MaxValue / 2)
        {
            return Defective($"The header {MessageHeaders.Attempt} is not a count.");
        }

        // A dead letter that somebody moved back to the queue starts afresh.
        var isMovedBack = properties.Headers?.ContainsKey(MessageHeaders.DeadAt) == true
            || WireHeaders.HasDiedOf(properties.Headers, DeliveryLimit) || WireHeaders.HasDiedOf(properties.Headers, Rejected);
        return new Delivery
        {
            Tag = tag,
            Properties = properties,
            Body = bytes,
            DeliveryCount = count,
            MessageId = messageId,
            Key = key,
            Handler = handler,
            Headers = WireHeaders.ToTexts(properties.Headers),
            Failures = isMovedBack ? 0 : (int)(failures ?? 0),
            FirstFailedAt = isMovedBack ? null : FirstFailedAt(properties.Headers),
        };

        Delivery Defective(string defect) =>
            new() { Tag = tag, Properties = properties, Body = bytes, DeliveryCount = count, MessageId = messageId, Defect = defect };
    }

    private static DateTimeOffset? FirstFailedAt(IDictionary<string, object?>? headers) =>
        WireHeaders.TryText(headers, MessageHeaders.FirstFailedAt, out var text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;
}
