using Bench.Consuming;
using Bench.Latency;
using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;

namespace Bench.Peers;

/// <summary>The same work done by this product and by Wolverine, in turns.</summary>
internal static class PeersWorkload
{
    private const string Ours = "this product";
    private const string AsItShips = "Wolverine as it ships, without confirms";
    private const string Confirmed = "Wolverine with confirms";

    public static async Task RunAsync(Run run)
    {
        await WolverineProgram.BuildAsync(run.Scale, run.Stop);
        await PublishAsync(run);
        await ConsumeAsync(run);
    }

    private static async Task PublishAsync(Run run)
    {
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.peers");
        await using var shippedQueue = await BoundQueue.DeclareAsync(run.Arena, "bench.peers.shipped");
        await using var confirmedQueue = await BoundQueue.DeclareAsync(run.Arena, "bench.peers.confirmed");
        await using var table = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        await using var shippedTable = await OutboxTable.CreateAsync(run.Arena, shippedQueue.Exchange);
        await using var confirmedTable = await OutboxTable.CreateAsync(run.Arena, confirmedQueue.Exchange);
        await using var shipped = new WolverineProgram(run.Arena, shippedTable.Database, shippedQueue.Name, "publish");
        await using var confirming = new WolverineProgram(run.Arena, confirmedTable.Database, confirmedQueue.Name, "publish", confirms: true);

        var asItShips = new Entrant(AsItShips, shippedQueue, shippedTable, async () => await shipped.StartAsync());
        var confirmed = new Entrant(Confirmed, confirmedQueue, confirmedTable, async () => await confirming.StartAsync());
        var ours = new Entrant(Ours, queue, table, () => Product.StartAsync(run, queue, table));

        var handover = new Handover(run);
        await run.MeasureAsync("peers: committed until in the queue", "messages/s",
            new Contestant(AsItShips, share => handover.RunAsync(Messages(share), asItShips)),
            new Contestant(Confirmed, share => handover.RunAsync(Messages(share), confirmed)),
            new Contestant(Ours, share => handover.RunAsync(Messages(share), ours), Confirmed));

        // The same processes: what is warm by now stays so, and each host has its uncounted messages.
        var paced = run.Scale.Of(1_000, 200);
        var latency = new PeerLatency(run, paced);
        await run.MeasureAsync("peers: commit to delivery", "ms",
            new Contestant(AsItShips, async _ => Percentiles.Of(await latency.RunAsync(asItShips, shipped))) { WarmsUp = false },
            new Contestant(Confirmed, async _ => Percentiles.Of(await latency.RunAsync(confirmed, confirming))) { WarmsUp = false },
            new Contestant(Ours, async _ => Percentiles.Of(await CommittedMessages.RunAsync(run, queue, table, paced, besideRelay: true)), AsItShips)
            {
                WarmsUp = false,
            });

        var outage = new PeerOutage(run, Messages(1));
        await outage.RunAsync(run.Scale.Quick ? [confirmed] : [asItShips, confirmed]);
        await outage.RunAsync(ours);
        // It has ended the connections of the others, without which their queues would stay, at the broker's cost in all that follows.
        await shippedQueue.ConnectAsync();
        await confirmedQueue.ConnectAsync();

        int Messages(double share) => run.Scale.Of(6_000, 600, share);
    }

    private static async Task ConsumeAsync(Run run)
    {
        await using var table = await EffectTable.CreateAsync(run.Arena);
        await using var theirs = await EffectTable.CreateAsync(run.Arena);
        await using var plain = await BoundQueue.DeclareAsync(run.Arena, "bench.peers.consume");
        await using var queue = await FilledQueue.DeclareAsync(run, table, "bench.peers.insert", one => one.Handle<Counting, InsertOne>());
        await using var together = await FilledQueue.DeclareAsync(run, table, "bench.peers.together", one => one.Handle<Counting, InsertOne>().SaveTogether());
        var messages = run.Scale.Of(10_000, 1_000);
        await using var program = new WolverineProgram(run.Arena, theirs.Database, plain.Name, "consume");
        var inbox = new PeerInbox(run, program, plain, theirs, messages);
        const string durable = "Wolverine, durable inbox, one insert";

        await run.MeasureAsync("peers: consumer", "messages/s",
            new Contestant(durable, _ => inbox.RunAsync()),
            new Contestant($"{Ours}, handler with one insert", _ => queue.HandleAsync(messages), durable),
            new Contestant($"{Ours}, handler with one insert, saved together", _ => together.HandleAsync(messages), durable));
    }
}
