namespace Outbox.Relay;

/// <summary>Who could still fill the ranges of ids that were first seen together.</summary>
internal sealed class GapWatch
{
    // By virtual transaction; with the transaction id, where it has one already.
    private Dictionary<string, long?>? _holders;

    public bool IsKnown => _holders is not null;

    /// <summary>Nobody is left: what one more look does not find will never be there.</summary>
    public bool LastLook => _holders is { Count: 0 };

    /// <summary>How often what is known of the holders has changed: first when they were learned, then whenever one had ended.</summary>
    public int Changes { get; private set; }

    /// <summary>Who is left; nobody before it is known.</summary>
    public IReadOnlyDictionary<string, long?> Holders => _holders ?? [];

    /// <summary>One that ends when all of these have ended; all are known.</summary>
    public static GapWatch OfAll(IEnumerable<GapWatch> watches)
    {
        var holders = new Dictionary<string, long?>(StringComparer.Ordinal);
        foreach (var (holder, xid) in watches.Distinct().SelectMany(watch => watch._holders!))
        {
            holders[holder] = xid;
        }

        return new GapWatch { _holders = holders, Changes = 1 };
    }

    /// <summary>Takes in who holds ids at this moment.</summary>
    public void Observe(Dictionary<string, long?> holders)
    {
        var left = _holders is null ? holders : holders.Where(holder => _holders.ContainsKey(holder.Key)).ToDictionary(StringComparer.Ordinal);
        Changes += left.Count == _holders?.Count ? 0 : 1;
        _holders = left;
    }

    /// <summary>Whether both are known to wait for the same.</summary>
    public bool IsLike(GapWatch other) =>
        IsKnown && _holders!.Count == other._holders?.Count && _holders.Keys.All(other._holders.ContainsKey);
}
