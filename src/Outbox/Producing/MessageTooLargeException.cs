namespace Outbox;

/// <summary>The encoded body of a message exceeds <see cref="OutboxOptions.MaxBodyBytes"/>; nothing was added.</summary>
public sealed class MessageTooLargeException(string type, int bytes, int bound)
    : Exception($"The body of {type} has {bytes} bytes; Outbox__MaxBodyBytes allows {bound}.");
