using Messaging;

namespace Outbox;

/// <summary>The exchange that this service publishes its events to.</summary>
internal sealed class OutboxTopology(OutboxOptions options) : ITopologySource
{
    public void AddTo(Topology topology) => topology.Exchanges.Add(options.Exchange);
}
