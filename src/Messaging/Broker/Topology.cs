namespace Messaging;

/// <summary>A durable quorum queue with its arguments.</summary>
internal sealed record QueueDeclaration(string Name, IReadOnlyDictionary<string, object?> Arguments);

/// <summary>What makes messages of an exchange with a routing key reach a queue.</summary>
internal sealed record BindingDeclaration(string Queue, string Exchange, string RoutingKey);

/// <summary>A part of the service that needs something at the broker.</summary>
internal interface ITopologySource
{
    /// <summary>Adds what it needs; a queue before those that dead-letter into it.</summary>
    void AddTo(Topology topology);
}

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
