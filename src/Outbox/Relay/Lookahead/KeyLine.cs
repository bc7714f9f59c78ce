namespace Outbox.Relay;

/// <summary>The messages of one key, in the order of their ids:
/// <code>[on its way] &lt; waiting, in memory &lt; from EvictedFrom on, only in the table</code>
/// From BlockedAt on nothing goes, wherever it is. At most one is on its way to the broker, and only the first few that wait are kept in
/// memory, so that one key cannot fill it.</summary>
internal sealed class KeyLine(string key)
{
    /// <summary>How many rows are asked for at first. Behind a row that comes back there is mostly nothing, and of a key that is still held
    /// back only the first row matters: a page has room for many keys.</summary>
    public const int FirstRead = 2;

    private const int Growth = 8;

    // How many rows of one key are kept in memory behind the one that is on its way: so many that the statement which fetches the
    // next ones, for half of them each time, costs little a row, and so few that several such keys do not fill a page.
    private const int MaxWaiting = 256;

    private readonly LinkedList<OutboxRow> _waiting = [];
    private int _readSize = FirstRead;

    public string Key { get; } = key;

    /// <summary>One of its rows is ready or in flight.</summary>
    public bool Busy { get; private set; }

    /// <summary>The deferred row that holds back all later ones.</summary>
    public long? BlockedAt { get; private set; }

    /// <summary>Rows from this id on are only in the table, and must be read again before the line can go past it.</summary>
    public long? EvictedFrom { get; private set; }

    /// <summary>Another since it was said that the table knows better: what a read brings that began before is older.</summary>
    public int Version { get; private set; }

    public bool IsOver => !Busy && _waiting.Count == 0 && BlockedAt is null && EvictedFrom is null;

    /// <summary>Rows are only in the table, and nothing that is known holds them back.</summary>
    public bool GoesOnInTable => EvictedFrom is { } from && (BlockedAt is null || from < BlockedAt);

    /// <summary>When the row that is on its way has gone, the next one must come from the table.</summary>
    public bool Starves => GoesOnInTable && _waiting.Count == 0;

    public bool WantsReading => GoesOnInTable && _waiting.Count <= MaxWaiting / 2;

    /// <summary>How many rows the next read of it asks for.</summary>
    public int ReadSize => Math.Min(_readSize, MaxWaiting - _waiting.Count);

    /// <summary>Takes a row in, in the order of ids.</summary>
    /// <param name="row">Not deferred.</param>
    /// <param name="crowded">All lines together hold so much that none may grow, but for one whose next row is not at hand.</param>
    /// <returns>The rows that leave memory for it, which may include the row itself.</returns>
    public IReadOnlyCollection<OutboxRow> Join(OutboxRow row, bool crowded)
    {
        if (row.Id == BlockedAt)
        {
            // Another deferred one behind it was not kept in mind.
            BlockedAt = null;
            OnlyInTableFrom(row.Id + 1);
        }

        if (row.Id > BlockedAt || row.Id >= EvictedFrom)
        {
            OnlyInTableFrom(row.Id);
            return [row];
        }

        var before = _waiting.Last;
        while (before is not null && before.Value.Id > row.Id)
        {
            before = before.Previous;
        }

        if (before is null)
        {
            _waiting.AddFirst(row);
        }
        else
        {
            _waiting.AddAfter(before, row);
        }

        if (_waiting.Count <= (crowded ? 1 : MaxWaiting))
        {
            return [];
        }

        _readSize = crowded ? _readSize : MaxWaiting;
        return EvictFrom(_waiting.Last!.Value.Id);
    }

    /// <summary>Holds back everything behind the deferred row <paramref name="id"/>.</summary>
    /// <returns>The rows that leave memory until it has come back.</returns>
    public IReadOnlyCollection<OutboxRow> BlockAt(long id)
    {
        BlockedAt = Math.Min(BlockedAt ?? long.MaxValue, id);
        return EvictFrom(BlockedAt.Value);
    }

    /// <summary>What the table says of <paramref name="id"/> now decides about everything from there on.</summary>
    /// <returns>The rows that leave memory until they have been read again.</returns>
    public IReadOnlyCollection<OutboxRow> ReadAgainFrom(long id)
    {
        Version++;
        BlockedAt = null;
        OnlyInTableFrom(id);
        _readSize = FirstRead;
        return EvictFrom(id);
    }

    /// <summary>Whether this row of the table needs no read of its own: one that is known holds it back, or the line is read from before it
    /// anyway.</summary>
    public bool Reaches(long id) => id > BlockedAt || (GoesOnInTable && id >= EvictedFrom);

    /// <summary>A read from the id <paramref name="from"/> on, which began at <paramref name="version"/>, has come: what it brings joins the
    /// line.</summary>
    /// <returns>False if the line was blocked before it, evicted anew or read again since the read began: it is left for a later
    /// one.</returns>
    public bool TryTakeIn(long from, int version)
    {
        if (EvictedFrom != from || Version != version || !GoesOnInTable)
        {
            return false;
        }

        EvictedFrom = null;
        return true;
    }

    /// <summary>A read has brought as many rows as it had asked for.</summary>
    public void GoOnFrom(long id)
    {
        OnlyInTableFrom(id);
        _readSize = Math.Min(_readSize * Growth, MaxWaiting);
    }

    /// <summary>A read that was to take in all rows of the line from <paramref name="from"/> on had to end at <paramref name="complete"/>,
    /// which may be before that: rows of others can fill a page.</summary>
    public void EndReadAt(long complete, long from)
    {
        if (complete != long.MaxValue)
        {
            OnlyInTableFrom(Math.Max(complete + 1, from));
        }
        else
        {
            _readSize = FirstRead;
        }
    }

    /// <summary>The row that was on its way has gone.</summary>
    public void Free() => Busy = false;

    /// <summary>The next row to publish, if none is on its way.</summary>
    public OutboxRow? Next()
    {
        if (Busy || _waiting.First is not { } first)
        {
            return null;
        }

        _waiting.RemoveFirst();
        Busy = true;
        return first.Value;
    }

    private void OnlyInTableFrom(long id) => EvictedFrom = Math.Min(EvictedFrom ?? long.MaxValue, id);

    private List<OutboxRow> EvictFrom(long id)
    {
        var evicted = new List<OutboxRow>();
        while (_waiting.Last is { } last && last.Value.Id >= id)
        {
            evicted.Add(last.Value);
            OnlyInTableFrom(last.Value.Id);
            _waiting.RemoveLast();
        }

        return evicted;
    }
}
