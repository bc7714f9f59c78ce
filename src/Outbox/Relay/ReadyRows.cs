using System.Diagnostics.CodeAnalysis;

namespace Outbox.Relay;

/// <summary>The rows that may be published now, those first whose last publish ended unknown. Guarded by the lock of the
/// lookahead that it is part of.</summary>
internal sealed class ReadyRows
{
    private readonly Queue<OutboxRow> _again = new();
    private readonly Queue<OutboxRow> _fresh = new();
    private int _suspects;

    /// <summary>How many rows are suspected of having closed a channel; may be asked without the lock.</summary>
    public int Suspects => Volatile.Read(ref _suspects);

    public void Add(OutboxRow row) => _fresh.Enqueue(row);

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

    public void Acquit(OutboxRow row)
    {
        if (row.Suspect)
        {
            row.Suspect = false;
            _suspects--;
        }
    }
}
