namespace Outbox;

/// <summary>A row of <c>outbox_message</c>: a message that was committed with the business rows of its transaction and that
/// the relay publishes afterwards.</summary>
/// <remarks>Not sealed: <c>UseLazyLoadingProxies</c> refuses a model with a class that is.</remarks>
public class OutboxMessage
{
    /// <summary>Given by the database in the order of insertion; the order of messages of one key.</summary>
    public long Id { get; init; }

    /// <summary>Identifies the message at every consumer. Not unique here: a replay repeats it.</summary>
    public Guid MessageId { get; init; }

    /// <summary>The exchange it is published to.</summary>
    public required string Exchange { get; init; }

    /// <summary>The routing key, equal to <see cref="Type"/> for an event.</summary>
    public required string RoutingKey { get; init; }

    /// <summary>The wire name of the message.</summary>
    public required string Type { get; init; }

    /// <summary>Messages of one key are published in order; null asks for no order.</summary>
    public string? Key { get; init; }

    /// <summary>The media type of <see cref="Body"/>.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>User headers as a JSON object with scalar values.</summary>
    public string? Headers { get; init; }

    /// <summary>W3C trace context of the transaction that wrote the row.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Exactly the bytes that are sent.</summary>
    public required byte[] Body { get; init; }

    /// <summary>When the row was written, by the database's clock.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the broker's confirm was recorded; null until then.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>How often it was refused: by the broker, or by the relay, which publishes nothing that no broker can carry.</summary>
    public int Attempts { get; init; }

    /// <summary>Set while the row is deferred: not published before this time.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Why it was refused last.</summary>
    public string? LastError { get; init; }

    /// <summary>When the relay gave up on the row; it waits for an operator since.</summary>
    public DateTimeOffset? ParkedAt { get; init; }
}
