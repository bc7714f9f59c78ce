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
        return Understand(tag, count, properties, bytes, out var messageId, out var defect)
            ?? new Delivery { Tag = tag, Properties = properties, Body = bytes, DeliveryCount = count, MessageId = messageId, Defect = defect };
    }

    private Delivery? Understand(ulong tag, long count, IReadOnlyBasicProperties properties, byte[] body, out Guid messageId, out string? defect)
    {
        if (!Guid.TryParseExact(properties.MessageId, "D", out messageId) || messageId == Guid.Empty)
        {
            defect = "message_id is missing or is not a UUID.";
            return null;
        }

        if (properties.Type is not { } type || !queue.Handlers.TryGetValue(type, out var handler))
        {
            defect = "The type is not one that this queue has a handler for.";
            return null;
        }

        if (!WireHeaders.TryText(properties.Headers, MessageHeaders.Key, out var key))
        {
            defect = $"The header {MessageHeaders.Key} is not a text.";
            return null;
        }

        if (!WireHeaders.TryInteger(properties.Headers, MessageHeaders.Attempt, out var failures) || failures is < 0 or > int.MaxValue / 2)
        {
            defect = $"The header {MessageHeaders.Attempt} is not a count.";
            return null;
        }

        defect = null;
        // A dead letter that somebody moved back to the queue starts afresh.
        var isMovedBack = properties.Headers?.ContainsKey(MessageHeaders.DeadAt) == true
            || WireHeaders.HasDiedOf(properties.Headers, DeliveryLimit) || WireHeaders.HasDiedOf(properties.Headers, Rejected);
        return new Delivery
        {
            Tag = tag,
            Properties = properties,
            Body = body,
            DeliveryCount = count,
            MessageId = messageId,
            Key = key,
            Handler = handler,
            Headers = WireHeaders.ToTexts(properties.Headers),
            Failures = isMovedBack ? 0 : (int)(failures ?? 0),
            FirstFailedAt = isMovedBack ? null : FirstFailedAt(properties.Headers),
        };
    }

    private static DateTimeOffset? FirstFailedAt(IDictionary<string, object?>? headers) =>
        WireHeaders.TryText(headers, MessageHeaders.FirstFailedAt, out var text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;
}
