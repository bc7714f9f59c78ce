using System.Globalization;
using Messaging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>The properties of a copy that goes to a retry queue or to the dead-letter queue: those of its delivery, and what has become
/// of it so far. What the client cannot write is left out: the body, which is always kept, is what counts.</summary>
internal static class CopyProperties
{
    public static BasicProperties ForRetry(Delivery delivery, Exception failure)
    {
        var properties = Copy(delivery.Properties);
        AddFailures(properties, delivery, failure);
        return properties;
    }

    /// <param name="delivery">The message.</param>
    /// <param name="failure">What its handler threw last; null where no handler saw it.</param>
    /// <param name="reason">Words without a value of the message.</param>
    /// <param name="now">The time of death.</param>
    /// <param name="withHeaders">Whether it keeps those that the message came with.</param>
    public static BasicProperties ForDeath(Delivery delivery, Exception? failure, string reason, DateTimeOffset now, bool withHeaders = true)
    {
        var properties = Copy(delivery.Properties, withHeaders);
        AddFailures(properties, delivery, failure);
        properties.Headers![MessageHeaders.DeadReason] = reason;
        properties.Headers[MessageHeaders.DeadAt] = Text(now);
        return properties;
    }

    private static BasicProperties Copy(IReadOnlyBasicProperties original, bool withHeaders = true)
    {
        var copy = new BasicProperties
        {
            DeliveryMode = DeliveryModes.Persistent,
            MessageId = WritableProperties.ShortString(original.MessageId),
            Type = WritableProperties.ShortString(original.Type),
            ContentType = WritableProperties.ShortString(original.ContentType),
            ContentEncoding = WritableProperties.ShortString(original.ContentEncoding),
            CorrelationId = WritableProperties.ShortString(original.CorrelationId),
            AppId = WritableProperties.ShortString(original.AppId),
            ReplyTo = WritableProperties.ShortString(original.ReplyTo),
            Headers = (withHeaders && original.Headers is { } headers ? headers : new Dictionary<string, object?>())
                // With x-death kept, some brokers take a message that passes a retry queue again for one that runs in a circle, and
                // drop it without a word.
                .Where(header => !MessageHeaders.IsOfTheWay(header.Key))
                .Where(WritableProperties.CanWrite)
                .ToDictionary(header => header.Key, header => header.Value, StringComparer.Ordinal),
        };
        if (original.IsTimestampPresent())
        {
            copy.Timestamp = original.Timestamp;
        }

        if (original.IsPriorityPresent())
        {
            copy.Priority = original.Priority;
        }

        return copy;
    }

    private static void AddFailures(BasicProperties properties, Delivery delivery, Exception? failure)
    {
        if (delivery.Failures > 0)
        {
            properties.Headers![MessageHeaders.Attempt] = delivery.Failures;
        }

        if (delivery.FirstFailedAt is { } firstFailedAt)
        {
            properties.Headers![MessageHeaders.FirstFailedAt] = Text(firstFailedAt);
        }

        if (failure is not null)
        {
            properties.Headers![MessageHeaders.LastErrorType] = failure.GetType().FullName;
        }
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
