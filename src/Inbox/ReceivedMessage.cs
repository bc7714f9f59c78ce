using Messaging;

namespace Inbox;

/// <summary>One message of a batch.</summary>
/// <param name="Message">The decoded body.</param>
/// <param name="Context">Its envelope.</param>
public sealed record ReceivedMessage<TMessage>(TMessage Message, MessageContext Context)
    where TMessage : IMessage;
