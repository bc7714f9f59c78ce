namespace Outbox.Relay;

/// <summary>When rows that were deferred come back.</summary>
internal sealed class DueTimes(TimeProvider clock)
{
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    // A reader that is awake finds what is due and asks for no time, for hours perhaps. One that falls asleep must not miss the last.
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly SortedSet<DateTimeOffset> _times = [];

    public void Add(TimeSpan delay)
    {
        using var locked = _lock.EnterScope();
        var now = clock.GetUtcNow();
        while (_times.Count > 0 && _times.Min < now - Kept)
        {
            _times.Remove(_times.Min);
        }

        _times.Add(RoundUp(now + delay));
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
        new(time.Ticks - (time.Ticks % Step.Ticks) + Step.Ticks, time.Offset);
}
