namespace Outbox.Relay;

/// <summary>All rows in memory, from being read until they are marked or given up. Guarded by the lock of the lookahead that
/// it is part of.</summary>
internal sealed class HeldRows
{
    /// <summary>Of one page, and of all rows in memory that do not wait behind another of their key. The last row of a page
    /// may exceed it, and so may all rows by one page.</summary>
    public const long MaxBytes = 32 * 1024 * 1024;

    /// <summary>Of all rows in memory; one page may exceed it. Nothing else bounds what waits while few are on their way: each of many
    /// keys may have one large row behind the one that a broker does not take.</summary>
    public const long MaxBytesWithWaiting = 4 * MaxBytes;

    // Confirmed rows wait for their mark, refused ones for their charge. When writing lags this far behind, publishing waits for it:
    // after a crash all of them would be published again, and one statement must be able to write them all.
    private const int MaxUnwritten = 8_192;

    private readonly Dictionary<long, OutboxRow> _rows = [];
    private readonly HashSet<long> _settled = [];
    private int _unwritten;

    /// <summary>Of all rows, each as <see cref="OutboxRow.Bytes"/> has it.</summary>
    public long Bytes { get; private set; }

    public bool WritingLags => _unwritten >= MaxUnwritten;

    public bool Contains(long id) => _rows.ContainsKey(id);

    /// <summary>From here on a read is on its way, and what it brings may be older than what is settled meanwhile.</summary>
    public void BeginRead() => _settled.Clear();

    /// <summary>Whether the table has been told what became of the row since the read began: the read may not know.</summary>
    public bool SettledMeanwhile(long id) => _settled.Contains(id);

    public void Add(OutboxRow row)
    {
        _rows.Add(row.Id, row);
        Bytes += row.Bytes;
    }

    /// <summary>It stays until it is marked; its body and headers are not needed any more.</summary>
    public void Confirmed(OutboxRow row)
    {
        Bytes -= row.Bytes;
        (row.Body, row.Headers) = ([], null);
        Bytes += row.Bytes;
        Unwritten(row);
    }

    /// <summary>Counts the row among those whose outcome the table does not know yet.</summary>
    public void Unwritten(OutboxRow row)
    {
        row.Unwritten = true;
        _unwritten++;
    }

    /// <summary>The table says that the broker has it. It leaves memory, unless it is still on its way here: what an earlier term of
    /// ownership has left may be marked after it was read again.</summary>
    public void Marked(long id)
    {
        if (!_rows.TryGetValue(id, out var row) || row.Unwritten)
        {
            Settled(id);
        }
    }

    /// <summary>It leaves memory since the table says what became of it.</summary>
    public void Settled(long id)
    {
        _settled.Add(id);
        Remove(id);
    }

    /// <summary>They leave memory and are read again.</summary>
    public void Remove(IEnumerable<OutboxRow> rows)
    {
        foreach (var row in rows)
        {
            Remove(row.Id);
        }
    }

    private void Remove(long id)
    {
        if (_rows.Remove(id, out var row))
        {
            Bytes -= row.Bytes;
            _unwritten -= row.Unwritten ? 1 : 0;
        }
    }
}
