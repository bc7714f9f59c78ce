namespace Inbox;

/// <summary>A row of <c>inbox_message</c>: this consumer has handled this message, in the transaction that stored the row.</summary>
/// <remarks>Not sealed: <c>UseLazyLoadingProxies</c> refuses a model with a class that is.</remarks>
public class InboxMessage
{
    /// <summary>The queue that the message came through.</summary>
    public required string Consumer { get; init; }

    /// <summary>The id that every copy of the message carries.</summary>
    public Guid MessageId { get; init; }

    /// <summary>When it was handled, by the database's clock.</summary>
    public DateTimeOffset ReceivedAt { get; init; }

    /// <summary>SHA-256 of the body: another message under the same id is noticed.</summary>
    public required byte[] BodyHash { get; init; }
}
