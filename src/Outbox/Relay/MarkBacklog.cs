namespace Outbox.Relay;

/// <summary>Confirmed rows whose mark is not written yet. It outlives a term of ownership, so that after the database was
/// away they are marked before anything is published again.</summary>
internal sealed class MarkBacklog
{
    private readonly HashSet<long> _ids = [];

    public int Count
    {
        get
        {
            lock (_ids)
            {
                return _ids.Count;
            }
        }
    }

    public void Add(IEnumerable<long> ids)
    {
        lock (_ids)
        {
            _ids.UnionWith(ids);
        }
    }

    public void Remove(IEnumerable<long> ids)
    {
        lock (_ids)
        {
            _ids.ExceptWith(ids);
        }
    }

    public long[] ToArray()
    {
        lock (_ids)
        {
            return [.. _ids];
        }
    }
}
