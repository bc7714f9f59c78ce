using System.Globalization;
using System.Security.Cryptography;
using Messaging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>Turns what the broker delivers into a <see cref="Delivery"/>. It never throws and never guesses: what is not as
/// it should be becomes a defect.</summary>
internal sealed class DeliveryReader(QueueDefinition queue, MessageSerializer serializer)
{
    // https://www.rabbitmq.com/docs/dlx#effects
    private const string DeliveryLimit = "delivery_limit";
    private const string Rejected = "rejected";

    /// <summary>See <see cref="Delivery.DeliveryCount"/>.</summary>
    public static long DeliveryCountOf(IReadOnlyBasicProperties properties) =>
        WireHeaders.TryInteger(properties.Headers, MessageHeaders.DeliveryCount, out var deliveries) ? deliveries ?? 0 : 0;

    public Delivery Read(ulong tag, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        var bytes = body.ToArray();
        var count = DeliveryCountOf(properties);
        try
        {
            return Understand(tag, properties, bytes, count, out var defect)
                ?? new Delivery { Tag = tag, Properties = properties, Body = bytes, DeliveryCount = count, Defect = defect };
        }
        catch (Exception exception)
        {
            // Converters and constructors of the message may throw whatever they like.
            return new Delivery
            {
                Tag = tag,
                Properties = properties,
                Body = bytes,
                DeliveryCount = count,
                Defect = $"The message cannot be read ({exception.GetType().Name}).",
            };
        }
    }

    private Delivery? Understand(ulong tag, IReadOnlyBasicProperties properties, byte[] body, long count, out string? defect)
    {
        if (!Guid.TryParseExact(properties.MessageId, "D", out var messageId) || messageId == Guid.Empty)
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
            BodyHash = SHA256.HashData(body),
            Key = key,
            Handler = handler,
            Message = serializer.Decode(body, handler.BodyType),
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
