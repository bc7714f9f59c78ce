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

    /// <summary>Stored with the row under this name, sent as the AMQP property correlation_id.</summary>
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
}
