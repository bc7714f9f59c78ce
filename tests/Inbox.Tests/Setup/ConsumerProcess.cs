namespace Inbox.Tests;

/// <summary>A consumer in a process of its own.</summary>
internal static class ConsumerProcess
{
    /// <summary>Starts it; names are those of the environment, such as Inbox__BatchSize.</summary>
    public static ProcessUnderTest Start(InboxArena arena, params (string Name, string Value)[] settings) => ProcessUnderTest.Start(
        "ConsumerProcess", arena.Servers, [("Outbox__Exchange", InboxArena.Exchange), ("QUEUE", arena.Queue), .. settings]);
}
