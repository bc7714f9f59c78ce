using System.Collections.ObjectModel;
using System.Security.Cryptography;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>One message as the broker delivered it: with an envelope that is understood, or with the defect because of which it can never
/// be. Its body is decoded when it is handled.</summary>
internal sealed class Delivery
{
    private static readonly long FirstSecond = DateTimeOffset.MinValue.ToUnixTimeSeconds();
    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    public required ulong Tag { get; init; }

    /// <summary>A copy: the client's buffer is reused after the delivery callback.</summary>
    public required byte[] Body { get; init; }

    public required IReadOnlyBasicProperties Properties { get; init; }

    /// <summary>How often it was delivered and then neither acked nor refused.</summary>
    public required long DeliveryCount { get; init; }

    /// <summary>Why it is a dead letter before any handler sees it; null where it was understood.</summary>
    public string? Defect { get; init; }

    /// <summary>Empty where it has none; one with another defect has its own.</summary>
    public Guid MessageId { get; init; }

    public byte[] BodyHash => field ??= SHA256.HashData(Body);

    public string? Key { get; init; }

    public HandlerBinding? Handler { get; init; }

    public IReadOnlyDictionary<string, object?> Headers { get; init; } = ReadOnlyDictionary<string, object?>.Empty;

    /// <summary>How often handling has failed so far, in this delivery and before.</summary>
    public int Failures { get; set; }

    public DateTimeOffset? FirstFailedAt { get; set; }

    /// <summary>Whether it is settled by a reject: the broker takes no copy of it, and makes the dead letter itself.</summary>
    public bool IsRejected { get; set; }

    /// <summary>Messages with the same value are handled one after another.</summary>
    public int LaneHash => Key?.GetHashCode(StringComparison.Ordinal) ?? MessageId.GetHashCode();

    /// <summary>Null where .NET has no such time: some producers give milliseconds.</summary>
    private DateTimeOffset? SentAt =>
        Properties.IsTimestampPresent() && Properties.Timestamp.UnixTime is var seconds && seconds >= FirstSecond && seconds <= LastSecond
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    public MessageContext ContextFor(string queue) => new()
    {
        MessageId = MessageId,
        Type = Handler!.MessageType,
        Key = Key,
        Attempt = Failures + 1,
        CorrelationId = Properties.CorrelationId,
        SentAt = SentAt,
        Headers = Headers,
        Queue = queue,
    };
}
