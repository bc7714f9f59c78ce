namespace Messaging;

/// <summary>Everything that this binary needs at the broker, whichever roles it runs: a message published before the queue
/// of another role is bound would miss that queue in silence, and its confirm would say all is well.</summary>
internal sealed class Topology
{
    public Topology(IEnumerable<ITopologySource> sources)
    {
        foreach (var source in sources)
        {
            source.AddTo(this);
        }
    }

    /// <summary>Durable topic exchanges.</summary>
    public SortedSet<string> Exchanges { get; } = new(StringComparer.Ordinal);

    /// <summary>In the order in which they are declared.</summary>
    public List<QueueDeclaration> Queues { get; } = [];

    public List<BindingDeclaration> Bindings { get; } = [];
}
