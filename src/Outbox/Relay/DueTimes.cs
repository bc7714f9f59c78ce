namespace Outbox.Relay;

/// <summary>When rows that were deferred come back.</summary>
internal sealed class DueTimes(TimeProvider clock)
{
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(10);

    private readonly Lock _lock = new();
    private readonly SortedSet<DateTimeOffset> _times = [];

    public void Add(TimeSpan delay)
    {
        using var locked = _lock.EnterScope();
        _times.Add(RoundUp(clock.GetUtcNow() + delay));
    }

    /// <summary>How long until the next one, at most <paramref name="bound"/>; those that have come are forgotten.</summary>
    public TimeSpan Next(TimeSpan bound)
    {
        using var locked = _lock.EnterScope();
        var now = clock.GetUtcNow();
        var wait = _times.Count == 0 ? bound : _times.Min - now;
        _times.RemoveWhere(due => due <= now);
        return wait > bound ? bound : wait < MinWait ? MinWait : wait;
    }

    /// <summary>Many rows that are deferred together come back in few reads.</summary>
    private static DateTimeOffset RoundUp(DateTimeOffset time) =>
        new(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond / 10) + (TimeSpan.TicksPerSecond / 10), time.Offset);
}
