using Messaging;
using Microsoft.Extensions.Configuration;

namespace Inbox;

/// <summary>The queues of this service: each with its retry queues and its dead-letter queue.</summary>
internal sealed class InboxTopology(InboxDefinition definition, InboxOptions options, IConfiguration configuration) : ITopologySource
{
    // Newer brokers have a limit of 20 unless told otherwise, and drop what exceeds it where there is no dead-letter
    // exchange: a dead letter looked at 20 times would be gone. Older ones refuse the value that means none.
    private const int Unlimited = 1_000_000_000;

    public void AddTo(Topology topology)
    {
        var ladder = new RetryLadder(options.Retry);
        foreach (var queue in definition.Queues)
        {
            AddQueues(topology, queue, ladder);

            var exchange = queue.Exchange ?? configuration[EventExchange.Setting] ?? EventExchange.Default;
            topology.Exchanges.Add(exchange);
            topology.Bindings.AddRange(queue.Handlers.Keys.Select(type => new BindingDeclaration(queue.Name, exchange, type)));
        }
    }

    private void AddQueues(Topology topology, QueueDefinition queue, RetryLadder ladder)
    {
        // What a queue dead-letters into comes before it: a message that expires while its target is missing waits for
        // minutes after the target appears.
        topology.Queues.Add(new QueueDeclaration(queue.DeadQueue, new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum",
            ["x-delivery-limit"] = Unlimited,
            // Somebody may bound all queues by a policy: what is over the bound then stays where it is, instead of pushing out the oldest.
            ["x-overflow"] = "reject-publish",
        }));

        var arguments = DeadLetteringInto(queue.DeadQueue);
        arguments["x-delivery-limit"] = options.DeliveryLimit;
        if (queue.Ordered)
        {
            arguments["x-single-active-consumer"] = true;
        }

        topology.Queues.Add(new QueueDeclaration(queue.Name, arguments));

        foreach (var wait in ladder.Waits)
        {
            var retry = DeadLetteringInto(queue.Name);
            retry["x-message-ttl"] = wait;
            topology.Queues.Add(new QueueDeclaration(RetryLadder.QueueName(queue.Name, wait), retry));
        }
    }

    // At least once: the broker keeps a dead-lettered message until its target has confirmed it. That needs the queue to
    // refuse new messages at its limit, rather than to drop old ones.
    private static Dictionary<string, object?> DeadLetteringInto(string queue) => new()
    {
        ["x-queue-type"] = "quorum",
        ["x-dead-letter-exchange"] = "",
        ["x-dead-letter-routing-key"] = queue,
        ["x-dead-letter-strategy"] = "at-least-once",
        ["x-overflow"] = "reject-publish",
    };
}
