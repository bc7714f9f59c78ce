namespace Outbox.Relay;

/// <summary>Looks now and then through all that has been passed, for rows that no gap foresaw: released by an operator, or written in a
/// way that nobody thought of; and at the keys that are held back. A part with each read, so that what it passes over, such as the rows
/// behind a key that is held back, takes room from what is new and does not hold it up.</summary>
internal sealed class LookEverywhere(int batchSize, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private const int Share = 100;

    private readonly int _most = Math.Max(1, batchSize / 4);
    private TimeSpan _pause = Interval;
    private long _lastAt = clock.GetTimestamp();
    private TimeSpan _took;
    private (long Low, long High)? _left;

    /// <summary>Whether a look has begun and is not at its end.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>Whether it is time to begin one.</summary>
    public bool IsDue => !IsUnderWay && clock.GetElapsedTime(_lastAt) >= _pause;

    /// <summary>Begins a look through everything up to <paramref name="high"/>.</summary>
    public void Begin(long high) => (_left, _took, IsUnderWay) = ((long.MinValue, high), TimeSpan.Zero, true);

    /// <summary>What the next read is to look through.</summary>
    public GapLooks AddTo(GapLooks looks) => _left is { } left ? looks.And(left.Low, left.High, _most) : looks;

    /// <summary>Takes in what one read has found, and how long it took.</summary>
    /// <param name="rows">The page, ascending.</param>
    /// <param name="complete">Up to this id the read has seen everything there was.</param>
    /// <param name="took">How long the read took.</param>
    /// <param name="moreKeys">Whether keys that are held back are still to be looked at.</param>
    public void Found(IReadOnlyList<OutboxRow> rows, long complete, TimeSpan took, bool moreKeys)
    {
        if (!IsUnderWay)
        {
            return;
        }

        _took += took;
        _left = _left is { } left ? LeftOf(left, rows, complete) : null;
        if (_left is not null || moreKeys)
        {
            return;
        }

        // A look that walks through much of what cannot be vacuumed, or at very many keys, comes less often.
        _pause = _took * Share > Interval ? _took * Share : Interval;
        _lastAt = clock.GetTimestamp();
        IsUnderWay = false;
    }

    private (long Low, long High)? LeftOf((long Low, long High) left, IReadOnlyList<OutboxRow> rows, long complete)
    {
        var found = rows.Where(row => !row.Deferred && row.Id >= left.Low).Select(row => row.Id).Distinct().Take(_most).ToList();
        var seen = found.Count == _most ? found[^1] : complete;
        return seen < left.High ? (Math.Max(left.Low, seen + 1), left.High) : null;
    }
}
