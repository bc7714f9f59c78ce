namespace Outbox.Relay;

/// <summary>Confirmed rows whose mark is not written yet. It outlives a term of ownership, so that after the database was
/// away they are marked before anything is published again.</summary>
internal sealed class MarkBacklog
{
    private readonly HashSet<ConfirmedRow> _rows = [];

    public int Count
    {
        get
        {
            lock (_rows)
            {
                return _rows.Count;
            }
        }
    }

    public void Add(IEnumerable<ConfirmedRow> rows)
    {
        lock (_rows)
        {
            _rows.UnionWith(rows);
        }
    }

    public void Remove(IEnumerable<ConfirmedRow> rows)
    {
        lock (_rows)
        {
            _rows.ExceptWith(rows);
        }
    }

    public ConfirmedRow[] ToArray()
    {
        lock (_rows)
        {
            return [.. _rows];
        }
    }
}
