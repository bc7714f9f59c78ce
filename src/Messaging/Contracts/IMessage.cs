namespace Messaging;

/// <summary>An event as other services know it.</summary>
public interface IMessage
{
    /// <summary>The wire name and routing key, such as "billing.invoice-sent.v1": 1 to 255 UTF-8 bytes. It never changes
    /// once published, whatever becomes of the class; a new shape of the event gets a new name.</summary>
    static abstract string MessageType { get; }
}
