using System.Diagnostics.CodeAnalysis;

namespace Outbox.Relay;

/// <summary>The rows in memory, between the reader that adds them, the publisher that takes them, and the marker that ends
/// them. It decides what may be published next: rows without a key at once, of each key one at a time in order.</summary>
internal sealed class Lookahead(int batchSize, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly HeldRows _held = new();
    private readonly KeyLines _lines = new();
    private readonly ReadyRows _ready = new();
    private int _untaken;
    private bool _paused;

    /// <summary>Set when a row may have become publishable.</summary>
    public AsyncSignal Publishable { get; } = new();

    /// <summary>Set when the reader may have something to do: room, a key that wants reading, a newly deferred row.</summary>
    public AsyncSignal Readable { get; } = new();

    /// <summary>When rows that this relay deferred come back.</summary>
    public DueTimes DueTimes { get; } = new(clock);

    /// <summary>While above zero, rows are published one at a time: one of the suspects has closed a channel.</summary>
    public int Suspects => _ready.Suspects;

    /// <summary>Whether one more page may be read.</summary>
    public bool HasRoom()
    {
        using var locked = _lock.EnterScope();
        return _untaken < batchSize && !_held.AreFull;
    }

    /// <summary>Whether rows are known that are only in the table and may be read now or soon.</summary>
    public bool HasEvicted()
    {
        using var locked = _lock.EnterScope();
        return _lines.HaveEvicted;
    }

    /// <summary>A read begins, which ends with <see cref="Offer"/>: the keys whose rows it fetches again and from which id, and the
    /// rows with a due time that it need not fetch.</summary>
    public (string[] Keys, long[] From, long[] DueHeld) BeginRead()
    {
        using var locked = _lock.EnterScope();
        _held.BeginRead();
        var (keys, from) = _lines.Wanted();
        return (keys, from, _held.Due);
    }

    /// <summary>A deferred row of this key is in the table: nothing behind it may be published.</summary>
    public void Block(string key, long id)
    {
        using var locked = _lock.EnterScope();
        Evict(_lines.Of(key).BlockAt(id));
    }

    /// <summary>Takes in one page: everything there was up to the id <paramref name="complete"/>, in the order of ids, and the
    /// keys that were read again with the ids that each was read from.</summary>
    /// <returns>How many rows were new.</returns>
    public int Offer(IReadOnlyList<OutboxRow> rows, string[] keys, long[] from, long complete)
    {
        using var locked = _lock.EnterScope();
        var again = _lines.BeginReadAgain(keys, from);
        var added = 0;
        foreach (var row in rows)
        {
            added += Add(row, keys) ? 1 : 0;
        }

        foreach (var (line, readFrom) in again)
        {
            line.IsReadUpTo(complete, readFrom);
            Promote(line);
        }

        Publishable.Set();
        return added;
    }

    /// <summary>While paused no row is given out: marks must be written before more is published.</summary>
    public void Pause(bool paused)
    {
        using var locked = _lock.EnterScope();
        _paused = paused;
        Publishable.Set();
    }

    /// <summary>The next row to publish. It is in flight until one of the methods below ends it.</summary>
    public bool TryTake([NotNullWhen(true)] out OutboxRow? row)
    {
        using var locked = _lock.EnterScope();
        row = null;
        if (_paused || _held.MarkingLags || !_ready.TryTake(out row))
        {
            return false;
        }

        if (--_untaken == batchSize - 1)
        {
            Readable.Set();
        }

        return true;
    }

    /// <summary>The broker has it: the next row of its key may go, which nobody else is told. It stays held until it is marked.</summary>
    public void Confirmed(OutboxRow row)
    {
        using var locked = _lock.EnterScope();
        _ready.Acquit(row);
        if (_held.AreFull)
        {
            Readable.Set();
        }

        _held.Confirmed(row);
        LeaveLine(row, _ => []);
    }

    /// <summary>Nothing is known of it: it is published again before any other, alone if it is suspect.</summary>
    public void PutBack(OutboxRow row, bool suspect)
    {
        using var locked = _lock.EnterScope();
        _ready.AddAgain(row, suspect);
        _untaken++;
        Publishable.Set();
    }

    public void Marked(IEnumerable<long> ids)
    {
        using var locked = _lock.EnterScope();
        _held.Marked(ids);
        Publishable.Set();
    }

    /// <summary>The table gives it back after <paramref name="delay"/>; until then it holds back its key, and nothing of the
    /// key stays in memory.</summary>
    public void Deferred(OutboxRow row, TimeSpan delay)
    {
        using var locked = _lock.EnterScope();
        DueTimes.Add(delay);
        _ready.Deferred(row);
        End(row, line => line.BlockAt(row.Id));
    }

    /// <summary>It is not as it was read, or its charge was written and not answered: its key is read again from there.</summary>
    public void Changed(OutboxRow row)
    {
        using var locked = _lock.EnterScope();
        End(row, line => line.ReadAgainFrom(row.Id));
    }

    /// <summary>It was parked: its key goes on without it.</summary>
    public void Gone(OutboxRow row)
    {
        using var locked = _lock.EnterScope();
        End(row, _ => []);
    }

    /// <summary>Reads again every key that waits for a deferred row, which an operator may have settled meanwhile.</summary>
    public void DoubtBlocks()
    {
        using var locked = _lock.EnterScope();
        foreach (var line in _lines.Blocked)
        {
            Evict(line.ReadAgainFrom(line.BlockedAt!.Value));
            Promote(line);
        }
    }

    private bool Add(OutboxRow row, string[] readAgain)
    {
        // A read that walks much takes its time: what it saw as waiting may have been sent and marked before it ended.
        if (_held.Contain(row.Id) || _held.SettledMeanwhile(row.Id))
        {
            return false;
        }

        if (row.NotDue)
        {
            Evict(_lines.Of(row.Key!).BlockAt(row.Id));
            return false;
        }

        _held.Add(row);
        _untaken++;
        if (row.Key is null)
        {
            _ready.Add(row);
            return true;
        }

        var line = _lines.Of(row.Key);
        Evict(line.Join(row));
        if (row.Deferred && !readAgain.Contains(row.Key))
        {
            // Of what is due a read brings the first row of a key only: there may be more behind it.
            Evict(line.ReadAgainFrom(row.Id + 1));
        }

        Promote(line);
        return _held.Contain(row.Id);
    }

    /// <summary>It leaves memory, and what <paramref name="leave"/> makes of its key's line.</summary>
    private void End(OutboxRow row, Func<KeyLine, IReadOnlyCollection<OutboxRow>> leave)
    {
        _ready.Acquit(row);
        _held.Settled(row.Id);
        LeaveLine(row, leave);
        Publishable.Set();
        Readable.Set();
    }

    private void LeaveLine(OutboxRow row, Func<KeyLine, IReadOnlyCollection<OutboxRow>> leave)
    {
        if (row.Key is not null)
        {
            var line = _lines.Of(row.Key);
            Evict(leave(line));
            line.Busy = false;
            Promote(line);
        }
    }

    /// <summary>Lets the line's next row go, and notes what the line needs now.</summary>
    private void Promote(KeyLine line)
    {
        if (_lines.TryPromote(line, out var next))
        {
            _ready.Add(next);
        }

        if (_lines.BecameHungry(line))
        {
            Readable.Set();
        }
    }

    /// <summary>Rows that were waiting leave memory; their line knows from where to read them again.</summary>
    private void Evict(IReadOnlyCollection<OutboxRow> rows)
    {
        _untaken -= rows.Count;
        _held.Remove(rows);
    }
}
