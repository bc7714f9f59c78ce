namespace Outbox.Tests;

/// <summary>A relay in a process of its own.</summary>
internal static class RelayProcess
{
    /// <summary>Starts it; names are those of the environment, such as Outbox__Lease.</summary>
    public static ProcessUnderTest Start(OutboxArena arena, params (string Name, string Value)[] settings) =>
        ProcessUnderTest.Start("RelayProcess", arena.Arena, [("Outbox__Exchange", arena.Exchange), .. settings]);
}
