namespace Outbox.Relay;

/// <summary>Confirmed rows whose mark is not written yet, from the confirm on. It outlives a term of ownership, so that after the database
/// was away, or while a statement of the last term is still to be given up, they are marked before anything is published again.</summary>
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

    public void Add(ConfirmedRow row)
    {
        lock (_rows)
        {
            _rows.Add(row);
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
