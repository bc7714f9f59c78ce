using System.Diagnostics.CodeAnalysis;

namespace Outbox.Relay;

/// <summary>The rows in memory, between the reader that adds them, the publisher that takes them, and the marker that ends
/// them. One lock guards all of it, and who may go on is told.</summary>
internal sealed class Lookahead
{
    private readonly Lock _lock = new();
    private readonly HeldRows _held = new();
    private readonly KeyLines _lines = new();
    private readonly ReadyRows _ready = new();
    private readonly RowOrder _order;
    private readonly int _batchSize;

    // A page is cut by id, and what is read again is mostly older than what is new: whole pages of it would hold that up for as long as
    // thousands of keys are looked at again or thousands of rows are due. A look everywhere takes up to a quarter of a page beside these.
    private readonly int _mostOfLines;
    private readonly int _mostDue;
    private readonly int _mostDoubted;

    // Without a key, their time has come, and they are still to be read.
    private readonly SortedSet<long> _due = [];
    private bool _paused;

    public Lookahead(int batchSize)
    {
        _batchSize = batchSize;
        _mostOfLines = Math.Max(1, batchSize / 2);
        _mostDue = Math.Max(1, batchSize / 8);
        // Half of what lines get: those that starve are behind these, by id.
        _mostDoubted = Math.Max(1, _mostOfLines / 2 / KeyLine.FirstRead);
        _order = new RowOrder(batchSize, _held, _lines, _ready, Readable);
    }

    /// <summary>Set when a row may have become publishable.</summary>
    public AsyncSignal Publishable { get; } = new();

    /// <summary>Set when the reader may have something to do: room, a key that wants reading, a newly deferred row.</summary>
    public AsyncSignal Readable { get; } = new();

    /// <summary>While above zero, rows are published one at a time: one of the suspects has closed a channel.</summary>
    public int Suspects => _ready.Suspects;

    /// <summary>Whether one more page may be read.</summary>
    public bool HasRoom()
    {
        using var locked = _lock.EnterScope();
        return _order.HasRoom;
    }

    /// <summary>Whether a read that begins now goes on with the rows of some key. A line that becomes readable later sets
    /// <see cref="Readable"/>.</summary>
    public bool WantsLines()
    {
        using var locked = _lock.EnterScope();
        return WantedLines(rows: 1).Count > 0;
    }

    /// <summary>A read begins, which ends with <see cref="Offer"/>: what it fetches beside what is new.</summary>
    public ReadAgain BeginRead()
    {
        using var locked = _lock.EnterScope();
        _held.BeginRead();
        foreach (var line in _lines.TakeDoubted(_mostDoubted))
        {
            _order.Change(line, line.ReadAgainFrom(line.BlockedAt!.Value));
        }

        return new ReadAgain(WantedLines(_mostOfLines), [.. _due.Take(_mostDue)]);
    }

    /// <summary>Whether more rows may be told of whose time has come: those of before have been read, but for a few.</summary>
    public bool HasRoomForDue()
    {
        using var locked = _lock.EnterScope();
        return _due.Count < _batchSize;
    }

    /// <summary>The time of a deferred row has come: it is read next, or follows those of its key that are before it.</summary>
    /// <returns>Whether it was news.</returns>
    public bool Recall(string? key, long id)
    {
        using var locked = _lock.EnterScope();
        if (_held.Contains(id))
        {
            return false;
        }

        if (key is null)
        {
            return _due.Add(id);
        }

        var line = _lines.Of(key);
        if (line.Reaches(id))
        {
            return false;
        }

        // What else there is of a key that was unknown, before this row, is not known either.
        _order.Change(line, line.ReadAgainFrom(id == line.BlockedAt ? id : long.MinValue));
        return true;
    }

    /// <summary>A deferred row of this key is in the table: nothing behind it may be published.</summary>
    public void Block(string key, long id)
    {
        using var locked = _lock.EnterScope();
        var line = _lines.Of(key);
        _order.Change(line, line.BlockAt(id));
    }

    /// <summary>Takes in one page: everything there was up to the id <paramref name="complete"/>, in the order of ids, and what was read
    /// again.</summary>
    /// <returns>How many rows were new.</returns>
    public int Offer(IReadOnlyList<OutboxRow> rows, ReadAgain again, long complete)
    {
        using var locked = _lock.EnterScope();
        _due.ExceptWith(again.Due.TakeWhile(id => id <= complete));
        var lines = again.Lines.Where(read => read.TryBegin()).ToDictionary(read => read.Line.Key, StringComparer.Ordinal);
        var added = 0;
        foreach (var row in rows)
        {
            added += _order.Add(row) ? 1 : 0;
            if (row.Key is not null && lines.TryGetValue(row.Key, out var read))
            {
                read.Saw(row.Id);
            }
        }

        foreach (var read in lines.Values)
        {
            read.End(complete);
            _order.Change(read.Line, []);
        }

        // Most reads of an idle outbox bring nothing: they need not wake the publisher.
        if (_ready.Count > 0)
        {
            Publishable.Set();
        }

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
        return !_paused && !_held.WritingLags && _order.TryTake(out row);
    }

    /// <summary>The broker has it: the next row of its key may go, which nobody else is told. It stays held until it is marked.</summary>
    public void Confirmed(OutboxRow row)
    {
        using var locked = _lock.EnterScope();
        _order.Confirmed(row);
    }

    /// <summary>The broker refused it: it stays held until it is charged.</summary>
    public void Refused(OutboxRow row)
    {
        using var locked = _lock.EnterScope();
        _order.Refused(row);
    }

    /// <summary>Nothing is known of it: it is published again before any other, alone if it is suspect.</summary>
    public void PutBack(OutboxRow row, bool suspect)
    {
        using var locked = _lock.EnterScope();
        _order.PutBack(row, suspect);
        Publishable.Set();
    }

    public void Marked(IEnumerable<long> ids)
    {
        using var locked = _lock.EnterScope();
        _order.Marked(ids);
        Publishable.Set();
    }

    /// <summary>The table gives it back when its time has come; until then it holds back its key, and nothing of the key stays in memory.
    /// The reader is woken, and learns when that will be.</summary>
    public void Deferred(OutboxRow row)
    {
        using var locked = _lock.EnterScope();
        _ready.Deferred(row);
        End(row, line => line.BlockAt(row.Id));
    }

    /// <summary>What the table says of it now is not known: somebody else has changed it, this relay does not own the table any more, or its
    /// charge was written and not answered. Its key is read again from there; without a key it waits for the walk of what is due, or for
    /// the look everywhere.</summary>
    public void ReadAgainFrom(OutboxRow row)
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

    /// <summary>Every key that waits for a deferred row is to be read again, since an operator may have settled that row: some with each
    /// read. Of a queue that takes nothing for hours there may be a million.</summary>
    public void DoubtBlocks()
    {
        using var locked = _lock.EnterScope();
        _lines.DoubtBlocked();
    }

    /// <summary>Whether keys that were doubted are still to be read again.</summary>
    public bool HasDoubts()
    {
        using var locked = _lock.EnterScope();
        return _lines.HasDoubts;
    }

    private List<LineRead> WantedLines(int rows) => _lines.Wanted(rows, onlyStarving: !_order.HasRoomForLines);

    private void End(OutboxRow row, Func<KeyLine, IReadOnlyCollection<OutboxRow>> leave)
    {
        _order.End(row, leave);
        Publishable.Set();
        Readable.Set();
    }
}
