using Servers.Native;

namespace Faults;

/// <summary>A broker of three nodes that loses some.</summary>
internal static class ClusterCases
{
    public static IEnumerable<FaultCase> All =>
    [
        new("cluster-leader-lost", "a cluster that loses the leader of a queue elects another, and what was confirmed is there", LoseLeaderAsync) { Plays = Plays.ByName, BrokerNodes = 3 },
        // RabbitMQ refuses with a nack what a queue without a majority cannot take, and a nack does not tell why.
        new("cluster-majority-lost", "without a majority nothing is confirmed, so nothing is marked; it goes out once the nodes are back", LoseMajorityAsync) { Plays = Plays.ByName, BrokerNodes = 3, Charges = Charges.May },
    ];

    private static async Task LoseLeaderAsync(Injection fault)
    {
        for (var time = 0; time < 3; time++)
        {
            await LoseAsync(fault, [await fault.Broker.LeaderAsync(Queues.Fulfilment, fault.Cancellation)]);
        }
    }

    private static async Task LoseMajorityAsync(Injection fault)
    {
        NativeRabbitMq[] nodes = [.. fault.Broker.Nodes];
        fault.Random.Shuffle(nodes);
        await LoseAsync(fault, nodes[..2]);
    }

    private static async Task LoseAsync(Injection fault, IReadOnlyList<NativeRabbitMq> nodes)
    {
        foreach (var node in nodes)
        {
            fault.Note($"kill -9 {node.Name}");
            await node.KillAsync();
        }

        await fault.PauseAsync(3, 6);
        await Task.WhenAll(nodes.Select(node => node.StartAsync(fault.Cancellation)));
        await fault.PauseAsync(3, 5);
    }
}
