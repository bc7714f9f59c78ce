using System.Diagnostics.CodeAnalysis;

namespace Outbox.Relay;

/// <summary>The rows in memory, between the reader that adds them, the publisher that takes them, and the marker that ends
/// them. It decides what may be published next: rows without a key at once, of each key one at a time in order.</summary>
internal sealed class Lookahead(int batchSize, TimeProvider clock)
{
    /// <summary>Bodies in memory, waiting or in flight; one page may exceed it by its own size.</summary>
    public const long MaxBytes = 32 * 1024 * 1024;

    // Confirmed rows wait for their mark in memory. When marking lags this far behind, publishing waits for it: after a
    // crash all of them would be published again.
    private const int MaxUnmarked = 8_192;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, OutboxRow> _held = [];
    private readonly KeyLines _lines = new();
    private readonly HashSet<long> _dueHeld = [];
    private readonly Queue<OutboxRow> _again = new();
    private readonly Queue<OutboxRow> _ready = new();
    private readonly DueTimes _dueTimes = new(clock);
    private long _bytes;
    private int _untaken;
    private int _unmarked;
    private int _suspects;
    private bool _paused;

    /// <summary>Set when a row may have become publishable.</summary>
    public AsyncSignal Publishable { get; } = new();

    /// <summary>Set when the reader may have something to do: room, a key that wants reading, a newly deferred row.</summary>
    public AsyncSignal Readable { get; } = new();

    /// <summary>While above zero, rows are published one at a time: one of the suspects has closed a channel.</summary>
    public int Suspects => Volatile.Read(ref _suspects);

    /// <summary>Whether one more page may be read.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_lock)
            {
                return _untaken < batchSize && _bytes < MaxBytes;
            }
        }
    }

    /// <summary>Whether some rows are known that are only in the table and may be read now or soon.</summary>
    public bool HasEvicted
    {
        get
        {
            lock (_lock)
            {
                return _lines.HaveEvicted;
            }
        }
    }

    /// <summary>The keys whose rows the next read fetches again, and from which id.</summary>
    public (string[] Keys, long[] From, long[] DueHeld) WantedLines()
    {
        lock (_lock)
        {
            var (keys, from) = _lines.Wanted();
            return (keys, from, [.. _dueHeld]);
        }
    }

    /// <summary>A deferred row of this key is in the table: nothing behind it may be published.</summary>
    public void Block(string key, long id)
    {
        lock (_lock)
        {
            Evict(_lines.Of(key).BlockAt(id));
        }
    }

    /// <summary>Takes in one page.</summary>
    /// <param name="rows">In the order of ids.</param>
    /// <param name="keys">The keys that were read again.</param>
    /// <param name="from">From which id each was.</param>
    /// <param name="complete">Up to this id the page holds everything there was.</param>
    /// <returns>How many rows were new.</returns>
    public int Offer(IReadOnlyList<OutboxRow> rows, string[] keys, long[] from, long complete)
    {
        lock (_lock)
        {
            var again = _lines.BeginReadAgain(keys, from);
            var added = 0;
            foreach (var row in rows)
            {
                added += Add(row) ? 1 : 0;
            }

            foreach (var line in again)
            {
                if (complete != long.MaxValue)
                {
                    line.EvictedFrom = Math.Min(line.EvictedFrom ?? long.MaxValue, complete + 1);
                }

                Promote(line);
            }

            Publishable.Set();
            return added;
        }
    }

    /// <summary>How long until a row that was deferred by this relay comes back, at most <paramref name="bound"/>.</summary>
    public TimeSpan NextDue(TimeSpan bound)
    {
        lock (_lock)
        {
            return _dueTimes.Next(bound);
        }
    }

    /// <summary>While paused no row is given out: marks must be written before more is published.</summary>
    public void Pause(bool paused)
    {
        lock (_lock)
        {
            _paused = paused;
            Publishable.Set();
        }
    }

    /// <summary>The next row to publish. It is in flight until one of the methods below ends it.</summary>
    public bool TryTake([NotNullWhen(true)] out OutboxRow? row)
    {
        lock (_lock)
        {
            row = null;
            if (_paused || _unmarked >= MaxUnmarked || (!_again.TryDequeue(out row) && (_suspects > 0 || !_ready.TryDequeue(out row))))
            {
                return false;
            }

            if (--_untaken == batchSize - 1)
            {
                Readable.Set();
            }

            return true;
        }
    }

    /// <summary>The broker has it: the next row of its key may go. It stays held until it is marked.</summary>
    public void Confirmed(OutboxRow row)
    {
        lock (_lock)
        {
            Acquit(row);
            if (_bytes >= MaxBytes && (_bytes - row.Body.Length) < MaxBytes)
            {
                Readable.Set();
            }

            _bytes -= row.Body.Length;
            row.Body = [];
            _unmarked++;
            if (row.Key is not null)
            {
                Free(_lines.Of(row.Key));
            }

            Publishable.Set();
        }
    }

    /// <summary>Nothing is known of it: it is published again before any other, alone if it is suspect.</summary>
    public void PutBack(OutboxRow row, bool suspect)
    {
        lock (_lock)
        {
            if (suspect && !row.Suspect)
            {
                row.Suspect = true;
                _suspects++;
            }

            _again.Enqueue(row);
            _untaken++;
            Publishable.Set();
        }
    }

    public void Marked(IEnumerable<long> ids)
    {
        lock (_lock)
        {
            foreach (var id in ids)
            {
                _dueHeld.Remove(id);
                if (_held.Remove(id))
                {
                    _unmarked--;
                }
            }

            Publishable.Set();
            Readable.Set();
        }
    }

    /// <summary>The table gives it back after <paramref name="delay"/>; until then it holds back its key, and nothing of the
    /// key stays in memory.</summary>
    public void Deferred(OutboxRow row, TimeSpan delay)
    {
        lock (_lock)
        {
            _dueTimes.Add(delay);
            End(row, line => line.BlockAt(row.Id));
        }
    }

    /// <summary>It is not as it was read, or its charge was written and not answered: its key is read again from there.</summary>
    public void Changed(OutboxRow row)
    {
        lock (_lock)
        {
            End(row, line => line.ReadAgainFrom(row.Id));
        }
    }

    /// <summary>It was parked: its key goes on without it.</summary>
    public void Gone(OutboxRow row)
    {
        lock (_lock)
        {
            End(row, _ => []);
        }
    }

    /// <summary>Reads again every key that waits for a deferred row, which an operator may have settled meanwhile.</summary>
    public void DoubtBlocks()
    {
        lock (_lock)
        {
            foreach (var line in _lines.Blocked)
            {
                Evict(line.ReadAgainFrom(line.BlockedAt!.Value));
                Promote(line);
            }
        }
    }

    private bool Add(OutboxRow row)
    {
        if (_held.ContainsKey(row.Id))
        {
            return false;
        }

        if (row.NotDue)
        {
            Evict(_lines.Of(row.Key!).BlockAt(row.Id));
            return false;
        }

        _held.Add(row.Id, row);
        _bytes += row.Body.Length;
        _untaken++;
        if (row.Deferred)
        {
            _dueHeld.Add(row.Id);
        }

        if (row.Key is null)
        {
            _ready.Enqueue(row);
            return true;
        }

        var line = _lines.Of(row.Key);
        Evict(line.Join(row));
        Promote(line);
        return _held.ContainsKey(row.Id);
    }

    /// <summary>It leaves memory, and what <paramref name="leave"/> makes of its key's line.</summary>
    private void End(OutboxRow row, Func<KeyLine, IReadOnlyCollection<OutboxRow>> leave)
    {
        Acquit(row);
        Release([row]);
        if (row.Key is not null)
        {
            var line = _lines.Of(row.Key);
            Evict(leave(line));
            Free(line);
        }

        Publishable.Set();
        Readable.Set();
    }

    private void Free(KeyLine line)
    {
        line.Busy = false;
        Promote(line);
    }

    /// <summary>Lets the line's next row go, and notes what the line needs now.</summary>
    private void Promote(KeyLine line)
    {
        if (_lines.TryPromote(line, out var next))
        {
            _ready.Enqueue(next);
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
        Release(rows);
    }

    private void Release(IEnumerable<OutboxRow> rows)
    {
        foreach (var row in rows)
        {
            _dueHeld.Remove(row.Id);
            if (_held.Remove(row.Id))
            {
                _bytes -= row.Body.Length;
            }
        }
    }

    private void Acquit(OutboxRow row)
    {
        if (row.Suspect)
        {
            row.Suspect = false;
            _suspects--;
        }
    }
}
