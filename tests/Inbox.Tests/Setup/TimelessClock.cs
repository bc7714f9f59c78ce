namespace Inbox.Tests;

/// <summary>The clock of the system, by which nothing takes any time: a machine that is slow makes no batch smaller. Timers run.</summary>
internal sealed class TimelessClock : TimeProvider
{
    public override long GetTimestamp() => 0;
}
