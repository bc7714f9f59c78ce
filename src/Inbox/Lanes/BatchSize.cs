namespace Inbox;

/// <summary>How many messages of a queue share a transaction: it doubles while transactions do well, halves when they take long,
/// and begins again with one when they contend with others. Where there is contention again and again it grows ever more seldom.</summary>
internal sealed class BatchSize(int limit)
{
    private const int FirstPatience = 16;
    private const int LongestPatience = 4_096;

    // A batch holds its locks, and keeps a shutdown waiting, for as long as it runs.
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private int _current = 1;
    private int _patience = 1;
    private int _clean;

    public int Current
    {
        get
        {
            using var locked = _lock.EnterScope();
            return _current;
        }
    }

    /// <summary>A transaction of <paramref name="messages"/> has ended well.</summary>
    public void Committed(int messages, TimeSpan took)
    {
        using var locked = _lock.EnterScope();
        if (took > Slow)
        {
            Halve(messages);
        }
        else if (messages >= _current && ++_clean >= _patience)
        {
            _current = Math.Min(limit, _current * 2);
            _patience = Math.Max(1, _patience / 2);
            _clean = 0;
        }
    }

    /// <summary>A batch of <paramref name="messages"/> was rolled back.</summary>
    public void Failed(int messages, TimeSpan took)
    {
        using var locked = _lock.EnterScope();
        // It may have been ended because it took so long, and the next one would be too.
        if (took > Slow)
        {
            Halve(messages);
        }
    }

    /// <summary>A batch has ended in a deadlock, a serialization failure or a wait for a lock.</summary>
    public void Contended()
    {
        using var locked = _lock.EnterScope();
        // Each further try would cost a wait for a lock, which is as long as some ten messages take; from one it is soon back.
        _current = 1;
        _patience = Math.Clamp(_patience * 8, FirstPatience, LongestPatience);
        _clean = 0;
    }

    private void Halve(int messages) => _current = Math.Max(1, Math.Min(_current, messages) / 2);
}
