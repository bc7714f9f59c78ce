using System.Diagnostics.CodeAnalysis;

namespace Outbox.Relay;

/// <summary>The rows that may be published now, those first whose last publish ended unknown. Guarded by the lock of the
/// lookahead that it is part of.</summary>
internal sealed class ReadyRows
{
    private readonly Queue<OutboxRow> _again = new();
    private readonly Queue<OutboxRow> _fresh = new();

    // Deferred since they closed a channel: published alone when they come back, they cost nobody else another try.
    private readonly HashSet<long> _closers = [];
    private int _suspects;

    /// <summary>How many rows are suspected of having closed a channel; may be asked without the lock.</summary>
    public int Suspects => Volatile.Read(ref _suspects);

    public int Count => _again.Count + _fresh.Count;

    public void Add(OutboxRow row)
    {
        if (_closers.Remove(row.Id))
        {
            AddAgain(row, suspect: true);
        }
        else
        {
            _fresh.Enqueue(row);
        }
    }

    public void AddAgain(OutboxRow row, bool suspect)
    {
        if (suspect && !row.Suspect)
        {
            row.Suspect = true;
            _suspects++;
        }

        _again.Enqueue(row);
    }

    /// <summary>While there are suspects, nothing is given out beside those that were in flight with them.</summary>
    public bool TryTake([NotNullWhen(true)] out OutboxRow? row) =>
        _again.TryDequeue(out row) || (_suspects == 0 && _fresh.TryDequeue(out row));

    /// <summary>It leaves memory and comes back later.</summary>
    public void Deferred(OutboxRow row)
    {
        if (row.Suspect)
        {
            _closers.Add(row.Id);
        }
    }

    public void Acquit(OutboxRow row)
    {
        if (row.Suspect)
        {
            row.Suspect = false;
            _suspects--;
        }
    }
}
