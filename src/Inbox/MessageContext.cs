namespace Inbox;

/// <summary>The envelope of the message that is being handled.</summary>
public sealed class MessageContext
{
    /// <summary>The same for every copy of the message: the idempotency key for effects outside the database.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The wire name.</summary>
    public required string Type { get; init; }

    /// <summary>Messages of one key are handled in order on an ordered queue; null if it has none.</summary>
    public string? Key { get; init; }

    /// <summary>1 the first time, then one more than the failures so far.</summary>
    public required int Attempt { get; init; }

    /// <summary>Ties messages of one conversation together; null if it has none.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>When the producer says it was sent, to the second; null if it does not say, or says a time that there is not.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>The headers on the wire, texts as <see cref="string"/>.</summary>
    public required IReadOnlyDictionary<string, object?> Headers { get; init; }

    /// <summary>The queue it came from.</summary>
    public required string Queue { get; init; }
}
