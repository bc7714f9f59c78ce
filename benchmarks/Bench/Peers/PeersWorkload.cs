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
        await using (var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.peers"))
        {
            await PublishAsync(run, queue);
        }

        await ConsumeAsync(run);
    }

    private static async Task PublishAsync(Run run, BoundQueue queue)
    {
        await using var table = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        await using var theirs = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        await using var shipped = new WolverineProgram(run.Arena, theirs.Database, queue.Name, "publish");
        await using var confirming = new WolverineProgram(run.Arena, theirs.Database, queue.Name, "publish", confirms: true);

        var handover = new Handover(run, queue);
        await run.MeasureAsync("peers: committed until in the queue", "messages/s",
            new Contestant(AsItShips, share => handover.RunAsync(Messages(share), theirs, () => StartAsync(shipped))),
            new Contestant(Confirmed, share => handover.RunAsync(Messages(share), theirs, () => StartAsync(confirming))),
            new Contestant(Ours, share => handover.RunAsync(Messages(share), table, StartOursAsync), Confirmed));

        // The same processes: what is warm by now stays so, and each host has its uncounted messages.
        var paced = run.Scale.Of(1_000, 200);
        var latency = new PeerLatency(run, queue, theirs, paced);
        await run.MeasureAsync("peers: commit to delivery", "ms",
            new Contestant(AsItShips, async _ => Percentiles.Of(await latency.RunAsync(shipped))) { WarmsUp = false },
            new Contestant(Confirmed, async _ => Percentiles.Of(await latency.RunAsync(confirming))) { WarmsUp = false },
            new Contestant(Ours, async _ => Percentiles.Of(await CommittedMessages.RunAsync(run, queue, table, paced, besideRelay: true)), AsItShips)
            {
                WarmsUp = false,
            });

        var outage = new PeerOutage(run, queue, Messages(1));
        if (!run.Scale.Quick)
        {
            await outage.RunAsync(AsItShips, theirs, () => StartAsync(shipped));
        }

        await outage.RunAsync(Confirmed, theirs, () => StartAsync(confirming));
        await outage.RunAsync(Ours, table, StartOursAsync);

        int Messages(double share) => run.Scale.Of(6_000, 600, share);

        static async Task<IContender> StartAsync(WolverineProgram program) => await program.StartAsync();

        Task<IContender> StartOursAsync() => Product.StartAsync(run, queue, table);
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
