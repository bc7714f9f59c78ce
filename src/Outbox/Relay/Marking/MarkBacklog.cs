namespace Outbox.Relay;

/// <summary>Confirmed rows whose mark is not written yet, from the confirm on. It outlives a term of ownership, so that after the database
/// was away, or while a statement of the last term is still to be given up, they are marked before anything is published again.</summary>
internal sealed class MarkBacklog
{
    private readonly Lock _lock = new();
    private readonly HashSet<ConfirmedRow> _rows = [];

    public int Count
    {
        get
        {
            using var locked = _lock.EnterScope();
            return _rows.Count;
        }
    }

    public void Add(ConfirmedRow row)
    {
        using var locked = _lock.EnterScope();
        _rows.Add(row);
    }

    public void Remove(IEnumerable<ConfirmedRow> rows)
    {
        using var locked = _lock.EnterScope();
        _rows.ExceptWith(rows);
    }

    public ConfirmedRow[] ToArray()
    {
        using var locked = _lock.EnterScope();
        return [.. _rows];
    }
}
