using Servers;

namespace Inbox.Tests;

/// <summary>A consumer in a process of its own.</summary>
internal static class ConsumerProcess
{
    // 128 and the number of the signal.
    private const int KilledExitCode = 128 + (int)Signal.Kill;

    /// <summary>Starts it; names are those of the environment, such as Inbox__BatchSize.</summary>
    public static ProcessUnderTest Start(InboxArena arena, params (string Name, string Value)[] settings) => ProcessUnderTest.Start(
        "ConsumerProcess", arena.Servers, [("Outbox__Exchange", InboxArena.Exchange), ("QUEUE", arena.Queue), .. settings]);

    /// <summary>Waits until it has been killed. One that has ended in another way fails the test, which would be about nothing.</summary>
    public static async Task DiesAsync(this ProcessUnderTest process, TimeSpan deadline)
    {
        await process.ExitsAsync(deadline);
        Assert.Equal(KilledExitCode, process.ExitCode);
    }
}
