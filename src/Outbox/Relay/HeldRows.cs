namespace Outbox.Relay;

/// <summary>All rows in memory, from being read until they are marked or given up. Guarded by the lock of the lookahead that
/// it is part of.</summary>
internal sealed class HeldRows
{
    /// <summary>Bodies in memory, waiting or in flight; one page may exceed it by its own size.</summary>
    public const long MaxBytes = 32 * 1024 * 1024;

    // Confirmed rows wait for their mark. When marking lags this far behind, publishing waits for it: after a crash all of
    // them would be published again.
    private const int MaxUnmarked = 8_192;

    private readonly Dictionary<long, OutboxRow> _rows = [];
    private readonly HashSet<long> _due = [];
    private readonly HashSet<long> _settled = [];
    private long _bytes;
    private int _unmarked;

    public bool AreFull => _bytes >= MaxBytes;

    public bool MarkingLags => _unmarked >= MaxUnmarked;

    /// <summary>Those that had been deferred: a read need not fetch them again.</summary>
    public long[] Due => [.. _due];

    public bool Contain(long id) => _rows.ContainsKey(id);

    /// <summary>From here on a read is on its way, and what it brings may be older than what is settled meanwhile.</summary>
    public void BeginRead() => _settled.Clear();

    /// <summary>Whether the table has been told what became of the row since the read began: the read may not know.</summary>
    public bool SettledMeanwhile(long id) => _settled.Contains(id);

    public void Add(OutboxRow row)
    {
        _rows.Add(row.Id, row);
        _bytes += row.Body.Length;
        if (row.Deferred)
        {
            _due.Add(row.Id);
        }
    }

    /// <summary>It stays until it is marked; its body is not needed any more.</summary>
    public void Confirmed(OutboxRow row)
    {
        _bytes -= row.Body.Length;
        row.Body = [];
        _unmarked++;
    }

    public void Marked(IEnumerable<long> ids) => _unmarked -= ids.Count(Settled);

    /// <summary>It leaves memory since the table says what became of it. False if it was not held.</summary>
    public bool Settled(long id)
    {
        _settled.Add(id);
        return Remove(id);
    }

    /// <summary>They leave memory and are read again.</summary>
    public void Remove(IEnumerable<OutboxRow> rows)
    {
        foreach (var row in rows)
        {
            Remove(row.Id);
        }
    }

    private bool Remove(long id)
    {
        _due.Remove(id);
        if (!_rows.Remove(id, out var row))
        {
            return false;
        }

        _bytes -= row.Body.Length;
        return true;
    }
}
