namespace Outbox.Relay;

/// <summary>The outbox table as found through the search_path of the connection.</summary>
/// <param name="Oid">The second key of its advisory locks.</param>
/// <param name="Sequence">The oid of the sequence that gives its ids.</param>
internal sealed record OutboxTable(uint Oid, uint Sequence)
{
    public int LockKey => unchecked((int)Oid);
}
