using System.Diagnostics.CodeAnalysis;

namespace Outbox.Relay;

/// <summary>Decides which of the rows in memory may be published next: rows without a key at once, of each key one at a time in the order
/// of ids; and whether there is room for more. Guarded by the lock of the lookahead that it is part of.</summary>
internal sealed class RowOrder(int batchSize, HeldRows held, KeyLines lines, ReadyRows ready, AsyncSignal readable)
{
    // While so few are ready or on their way, what waits behind others of its key must not keep anything else from being read: a handful
    // of keys with a long backlog, each as quick as its round trips, would hold up all others until it is through.
    private const int Few = 64;

    private int _onTheirWay;

    // Behind another of their key.
    private int _waiting;
    private long _waitingBytes;
    private (bool Any, bool ForLines) _roomTold;

    /// <summary>Whether one more page may be read.</summary>
    public bool HasRoom => held.Bytes - _waitingBytes < HeldRows.MaxBytes && held.Bytes < HeldRows.MaxBytesWithWaiting
        && (HasRoomForLines || ready.Count + _onTheirWay < Few);

    /// <summary>Whether lines may be read on that still have rows in memory.</summary>
    public bool HasRoomForLines => ready.Count + _waiting < batchSize && _waitingBytes < HeldRows.MaxBytes / 2;

    // Twice what one page may add: a crowded line evicts rows, which must be read again, so this should be rare.
    private bool IsCrowded => _waiting >= 2 * batchSize || _waitingBytes >= HeldRows.MaxBytes;

    /// <summary>Takes a row in that a read has brought.</summary>
    /// <returns>Whether it is new and stays in memory.</returns>
    public bool Add(OutboxRow row)
    {
        // A read that walks much takes its time: what it saw as waiting may have been sent and marked before it ended.
        if (held.Contains(row.Id) || held.SettledMeanwhile(row.Id))
        {
            return false;
        }

        var line = row.Key is null ? null : lines.Of(row.Key);
        if (row.NotDue)
        {
            Change(line!, line!.BlockAt(row.Id));
            return false;
        }

        held.Add(row);
        if (line is null)
        {
            ready.Add(row);
            TellOfRoom();
            return true;
        }

        _waiting++;
        _waitingBytes += row.Bytes;
        Change(line, line.Join(row, IsCrowded));
        return held.Contains(row.Id);
    }

    /// <summary>The next row to publish, which is on its way until one of the methods below is told of it.</summary>
    public bool TryTake([NotNullWhen(true)] out OutboxRow? row)
    {
        if (!ready.TryTake(out row))
        {
            return false;
        }

        _onTheirWay++;
        TellOfRoom();
        return true;
    }

    /// <summary>It is not on its way any more, and goes before any other.</summary>
    public void PutBack(OutboxRow row, bool suspect)
    {
        ready.AddAgain(row, suspect);
        _onTheirWay--;
        TellOfRoom();
    }

    /// <summary>The broker has it: the next of its key may go.</summary>
    public void Confirmed(OutboxRow row)
    {
        _onTheirWay--;
        ready.Acquit(row);
        held.Confirmed(row);
        LeaveLine(row, _ => []);
        TellOfRoom();
    }

    /// <summary>The broker has refused it: what becomes of it and of its key follows.</summary>
    public void Refused(OutboxRow row)
    {
        _onTheirWay--;
        held.Unwritten(row);
        TellOfRoom();
    }

    /// <summary>The table says that the broker has them: they leave memory.</summary>
    public void Marked(IEnumerable<long> ids)
    {
        foreach (var id in ids)
        {
            held.Marked(id);
        }

        TellOfRoom();
    }

    /// <summary>It leaves memory, and what <paramref name="leave"/> makes of its key's line.</summary>
    public void End(OutboxRow row, Func<KeyLine, IReadOnlyCollection<OutboxRow>> leave)
    {
        ready.Acquit(row);
        held.Settled(row.Id);
        LeaveLine(row, leave);
        TellOfRoom();
    }

    /// <summary>The line has changed, and some of its rows have left memory: it knows from where to read them again.</summary>
    public void Change(KeyLine line, IReadOnlyCollection<OutboxRow> evicted)
    {
        _waiting -= evicted.Count;
        _waitingBytes -= evicted.Sum(row => row.Bytes);
        held.Remove(evicted);
        Promote(line);
        TellOfRoom();
    }

    private void LeaveLine(OutboxRow row, Func<KeyLine, IReadOnlyCollection<OutboxRow>> leave)
    {
        if (row.Key is not null)
        {
            var line = lines.Of(row.Key);
            line.Free();
            Change(line, leave(line));
        }
    }

    /// <summary>Lets the line's next row go, and notes what the line needs now.</summary>
    private void Promote(KeyLine line)
    {
        if (lines.TryPromote(line, out var next))
        {
            _waiting--;
            _waitingBytes -= next.Bytes;
            ready.Add(next);
        }

        if (lines.NoteHunger(line))
        {
            readable.Set();
        }
    }

    /// <summary>Call after every change, also one that takes room: the flag must be false before the next true can wake the
    /// reader.</summary>
    private void TellOfRoom()
    {
        var before = _roomTold;
        _roomTold = (HasRoom, HasRoomForLines);
        if ((_roomTold.Any && !before.Any) || (_roomTold.ForLines && !before.ForLines))
        {
            readable.Set();
        }
    }
}
