namespace Inbox;

/// <summary>With what was added to them, the properties of a copy are longer than a frame of the broker's. Nothing was published.</summary>
internal sealed class CopyTooLongException() : Exception("The headers are too long for a copy of the message.");
