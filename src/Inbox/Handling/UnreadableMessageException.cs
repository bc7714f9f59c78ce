namespace Inbox;

/// <summary>The body cannot be decoded, and never will be. The text goes into the dead letter, and holds no value of the message.</summary>
internal sealed class UnreadableMessageException(Exception cause)
    : PermanentFailureException($"The message cannot be read ({cause.GetType().Name}).", cause);
