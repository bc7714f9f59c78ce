namespace Messaging;

/// <summary>Names of the headers that have a meaning of their own; all others are the user's.</summary>
public static class MessageHeaders
{
    /// <summary>The key whose messages keep their order.</summary>
    public const string Key = "key";

    /// <summary>W3C trace context of the producer.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>W3C trace state of the producer.</summary>
    public const string TraceState = "tracestate";

    /// <summary>Stored with the row under this name. A text is sent as the AMQP property correlation_id, and not as a header.</summary>
    public const string CorrelationId = "correlation-id";

    /// <summary>How often handling has failed so far, on a retried or dead message.</summary>
    public const string Attempt = "x-attempt";

    /// <summary>When handling failed first, ISO 8601 in UTC.</summary>
    public const string FirstFailedAt = "x-first-failed-at";

    /// <summary>The type name of the last failure; never its text, which may hold values.</summary>
    public const string LastErrorType = "x-last-error-type";

    /// <summary>Why a consumer made the message a dead letter, in words that hold no value of the message.</summary>
    public const string DeadReason = "x-dead-reason";

    /// <summary>When a consumer made the message a dead letter, ISO 8601 in UTC.</summary>
    public const string DeadAt = "x-dead-at";

    /// <summary>How often the broker has delivered a message before, without its having been settled.</summary>
    public const string DeliveryCount = "x-delivery-count";

    /// <summary>The queues that the message has died in, as the broker writes them down.</summary>
    public const string Deaths = "x-death";

    private static readonly string[] OfTheOutbox = [Key, TraceParent, TraceState, CorrelationId];

    // What consumers write when handling fails, what the broker writes, and what makes it route the message to further queues. With - at
    // the end of a name: all that begin so.
    private static readonly string[] OfTheWay =
    [
        Attempt, FirstFailedAt, LastErrorType, DeadReason, DeadAt,
        Deaths, DeliveryCount, "x-acquired-count", "x-first-death-", "x-last-death-", "x-opt-", "x-stream-offset",
        "CC", "BCC",
    ];

    /// <summary>Whether a producer may not set it. Names that differ from such a one in case alone are refused too: they are a mistake.</summary>
    internal static bool IsReserved(string name) =>
        IsAmong(OfTheOutbox, name, StringComparison.OrdinalIgnoreCase) || IsAmong(OfTheWay, name, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether nothing is published with it that was found on a row or on a delivery: it tells of a way that the message has
    /// gone before, or would send it on another one.</summary>
    internal static bool IsOfTheWay(string name) => IsAmong(OfTheWay, name, StringComparison.Ordinal);

    private static bool IsAmong(string[] names, string name, StringComparison comparison) =>
        Array.Exists(names, known => known.EndsWith('-') ? name.StartsWith(known, comparison) : name.Equals(known, comparison));
}
