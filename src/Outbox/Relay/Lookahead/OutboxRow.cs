namespace Outbox.Relay;

/// <summary>A row as the relay holds it in memory, from reading to marking.</summary>
internal sealed class OutboxRow
{
    public required long Id { get; init; }

    public required Guid MessageId { get; init; }

    public required string Exchange { get; init; }

    public required string RoutingKey { get; init; }

    public required string Type { get; init; }

    public required string? Key { get; init; }

    public required string ContentType { get; init; }

    /// <summary>Let go of once the broker has it.</summary>
    public required string? Headers { get; set; }

    public required string? TraceParent { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required int Attempts { get; init; }

    /// <summary>Deferred, whether or not its time has come.</summary>
    public required bool Deferred { get; init; }

    /// <summary>Deferred, and its time has not come: it is known only as what holds back its key.</summary>
    public required bool NotDue { get; init; }

    /// <summary>Let go of once the broker has it.</summary>
    public required byte[] Body { get; set; }

    /// <summary>What of it can be large, in bytes of memory.</summary>
    public long Bytes => Body.Length + (sizeof(char) * ((long)(Headers?.Length ?? 0) + (Key?.Length ?? 0) + (TraceParent?.Length ?? 0)));

    /// <summary>The broker has confirmed or refused it, and the table is yet to be told.</summary>
    public bool Unwritten { get; set; }

    /// <summary>It was in flight when the broker closed the channel over one of the rows: published alone next time.</summary>
    public bool Suspect { get; set; }
}
