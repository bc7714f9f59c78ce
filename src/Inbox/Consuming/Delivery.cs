using RabbitMQ.Client;

namespace Inbox;

/// <summary>One message as the broker delivered it: either understood, or with the defect because of which it can never be.</summary>
internal sealed class Delivery
{
    public required ulong Tag { get; init; }

    /// <summary>A copy: the client's buffer is reused after the delivery callback.</summary>
    public required byte[] Body { get; init; }

    public required IReadOnlyBasicProperties Properties { get; init; }

    /// <summary>How often it was delivered and then neither acked nor refused.</summary>
    public required long DeliveryCount { get; init; }

    /// <summary>Why it is a dead letter before any handler sees it; null where it was understood.</summary>
    public string? Defect { get; init; }

    public Guid MessageId { get; init; }

    public byte[] BodyHash { get; init; } = [];

    public string? Key { get; init; }

    public HandlerBinding? Handler { get; init; }

    public object? Message { get; init; }

    public IReadOnlyDictionary<string, object?> Headers { get; init; } = new Dictionary<string, object?>();

    /// <summary>How often handling has failed so far, in this delivery and before.</summary>
    public int Failures { get; set; }

    public DateTimeOffset? FirstFailedAt { get; set; }

    /// <summary>Messages with the same value are handled one after another.</summary>
    public int LaneHash => Key?.GetHashCode(StringComparison.Ordinal) ?? MessageId.GetHashCode();

    public MessageContext ContextFor(string queue) => new()
    {
        MessageId = MessageId,
        Type = Handler!.MessageType,
        Key = Key,
        Attempt = Failures + 1,
        CorrelationId = Properties.CorrelationId,
        SentAt = Properties.IsTimestampPresent() ? DateTimeOffset.FromUnixTimeSeconds(Properties.Timestamp.UnixTime) : null,
        Headers = Headers,
        Queue = queue,
    };
}
