using System.Diagnostics.CodeAnalysis;

namespace Outbox.Relay;

/// <summary>The lines of all keys that have rows on their way, in memory or held back. Guarded by the lock of the
/// lookahead that it is part of.</summary>
internal sealed class KeyLines
{
    private const int MaxPerRead = 500;

    // Those that go on at the lowest ids first: a page is cut by id, and would be cut before others.
    private static readonly Comparer<(long From, string Key)> ByFrom = Comparer<(long From, string Key)>.Create(
        (one, other) => one.From != other.From ? one.From.CompareTo(other.From) : string.CompareOrdinal(one.Key, other.Key));

    private readonly Dictionary<string, KeyLine> _lines = new(StringComparer.Ordinal);

    // Those that want to be read on, by where they go on; and what that was when it was noted, of each that wants to or starves.
    private readonly SortedSet<(long From, string Key)> _hungry = new(ByFrom);
    private readonly Dictionary<KeyLine, (long? HungryFrom, bool Starves)> _noted = [];

    // Held back when they were doubted, and still to be read again.
    private readonly Queue<KeyLine> _doubted = [];

    /// <summary>Whether lines that were doubted are still to be taken.</summary>
    public bool HasDoubts => _doubted.Count > 0;

    /// <summary>The line of the key, a new one where there is none.</summary>
    public KeyLine Of(string key)
    {
        if (!_lines.TryGetValue(key, out var line))
        {
            _lines.Add(key, line = new KeyLine(key));
        }

        return line;
    }

    /// <summary>Doubts all lines that wait for a deferred row.</summary>
    public void DoubtBlocked()
    {
        foreach (var line in _lines.Values.Where(line => line.BlockedAt is not null))
        {
            _doubted.Enqueue(line);
        }
    }

    /// <summary>Takes out some that were doubted, those of them that still wait for a deferred row.</summary>
    public List<KeyLine> TakeDoubted(int most)
    {
        var taken = new List<KeyLine>();
        for (; most > 0 && _doubted.TryDequeue(out var line); most--)
        {
            if (line.BlockedAt is not null)
            {
                taken.Add(line);
            }
        }

        return taken;
    }

    /// <summary>The lines that the next read goes on with, of at most <paramref name="rows"/> rows together; with
    /// <paramref name="onlyStarving"/> those alone that have no row left in memory, each with its next ones.</summary>
    public List<LineRead> Wanted(int rows, bool onlyStarving)
    {
        var reads = new List<LineRead>();
        foreach (var (from, key) in _hungry)
        {
            var line = _lines[key];
            if (onlyStarving && !line.Starves)
            {
                continue;
            }

            var most = Math.Min(onlyStarving ? KeyLine.FirstRead : line.ReadSize, rows);
            reads.Add(new LineRead(line, from, most));
            rows -= most;
            if (rows == 0 || reads.Count == MaxPerRead)
            {
                break;
            }
        }

        return reads;
    }

    /// <summary>Gives out the line's next row, if it may go now.</summary>
    public bool TryPromote(KeyLine line, [NotNullWhen(true)] out OutboxRow? next)
    {
        next = line.Next();
        if (line.IsOver)
        {
            _lines.Remove(line.Key);
        }

        return next is not null;
    }

    /// <summary>Notes whether the line wants to be read again, and from where. After each change of the line.</summary>
    /// <returns>True if it does since now, or more urgently.</returns>
    public bool NoteHunger(KeyLine line)
    {
        var before = _noted.GetValueOrDefault(line);
        var now = (HungryFrom: line.WantsReading ? line.EvictedFrom : null, line.Starves);
        if (now == before)
        {
            return false;
        }

        if (before.HungryFrom is { } old)
        {
            _hungry.Remove((old, line.Key));
        }

        if (now.HungryFrom is { } from)
        {
            _hungry.Add((from, line.Key));
        }

        if (now == default)
        {
            _noted.Remove(line);
        }
        else
        {
            _noted[line] = now;
        }

        return (before.HungryFrom is null && now.HungryFrom is not null) || (now.Starves && !before.Starves);
    }
}
