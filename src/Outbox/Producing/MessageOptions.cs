namespace Outbox;

/// <summary>What one message may have beyond its body.</summary>
public sealed class MessageOptions
{
    /// <summary>User headers: at most 32, together at most 32 KiB as UTF-8. None unless set.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The exchange, 1 to 255 UTF-8 bytes; that of <see cref="OutboxOptions"/> unless set.</summary>
    public string? Exchange { get; init; }

    /// <summary>Ties messages of one conversation together; 1 to 255 UTF-8 bytes. None unless set.</summary>
    public string? CorrelationId { get; init; }
}
