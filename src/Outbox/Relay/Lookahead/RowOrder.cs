using System.Diagnostics.CodeAnalysis;

namespace Outbox.Relay;

/// <summary>Decides which of the rows in memory may be published next: rows without a key at once, of each key one at a time in the order
/// of ids. Guarded by the lock of the lookahead that it is part of.</summary>
internal sealed class RowOrder(HeldRows held, KeyLines lines, ReadyRows ready, AsyncSignal readable)
{
    /// <summary>How many rows are in memory and not on their way.</summary>
    public int Untaken { get; private set; }

    /// <summary>Takes a row in that a read has brought.</summary>
    /// <returns>Whether it is new and stays in memory.</returns>
    public bool Add(OutboxRow row)
    {
        // A read that walks much takes its time: what it saw as waiting may have been sent and marked before it ended.
        if (held.Contain(row.Id) || held.SettledMeanwhile(row.Id))
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
        Untaken++;
        if (line is null)
        {
            ready.Add(row);
            return true;
        }

        Change(line, line.Join(row));
        return held.Contain(row.Id);
    }

    /// <summary>The next row to publish, which is on its way from now on.</summary>
    public bool TryTake([NotNullWhen(true)] out OutboxRow? row)
    {
        if (!ready.TryTake(out row))
        {
            return false;
        }

        Untaken--;
        return true;
    }

    /// <summary>It is not on its way any more, and goes before any other.</summary>
    public void PutBack(OutboxRow row, bool suspect)
    {
        ready.AddAgain(row, suspect);
        Untaken++;
    }

    /// <summary>It leaves memory, and what <paramref name="leave"/> makes of its key's line.</summary>
    public void End(OutboxRow row, Func<KeyLine, IReadOnlyCollection<OutboxRow>> leave)
    {
        ready.Acquit(row);
        held.Settled(row.Id);
        LeaveLine(row, leave);
    }

    /// <summary>It is not on its way any more: the next of its key may go, but for what <paramref name="leave"/> makes of the line.</summary>
    public void LeaveLine(OutboxRow row, Func<KeyLine, IReadOnlyCollection<OutboxRow>> leave)
    {
        if (row.Key is not null)
        {
            var line = lines.Of(row.Key);
            line.Busy = false;
            Change(line, leave(line));
        }
    }

    /// <summary>The line has changed, and some of its rows have left memory: it knows from where to read them again.</summary>
    public void Change(KeyLine line, IReadOnlyCollection<OutboxRow> evicted)
    {
        Untaken -= evicted.Count;
        held.Remove(evicted);
        Promote(line);
    }

    /// <summary>Lets the line's next row go, and notes what the line needs now.</summary>
    public void Promote(KeyLine line)
    {
        if (lines.TryPromote(line, out var next))
        {
            ready.Add(next);
        }

        if (lines.BecameHungry(line))
        {
            readable.Set();
        }
    }
}
