namespace Inbox;

/// <summary>An ack to send, of so many deliveries; a reject of the one where it is that.</summary>
internal readonly record struct Ack(ulong Tag, bool Multiple, int Deliveries, bool Rejects = false);
