using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;

namespace Bench.Committing;

/// <summary>What an outbox row adds to a commit of an order with three lines through EF Core.</summary>
internal static class CommitsWorkload
{
    private const string Workload = "commits";
    private const string Unit = "commits/s";

    public static async Task RunAsync(Run run)
    {
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.commits");
        await using var table = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        var committers = new Committers(run, queue, table);
        foreach (var count in (int[])[16, 64])
        {
            var without = $"{count} committers, without an outbox row";
            await run.MeasureAsync(Workload, Unit,
            [
                new(without, _ => committers.RunAsync(count, Committers.Nothing)),
                // Enough to tell what any further row costs.
                .. count == 16 ? [new($"{count} committers, with a plain row of its size", _ => committers.RunAsync(count, Committers.Receipt), without)] : (Contestant[])[],
                new($"{count} committers, with one, no relay", _ => committers.RunAsync(count, Committers.Message), without),
                new($"{count} committers, with one, relay asleep", _ => committers.RunAsleepAsync(count), without),
                new($"{count} committers, with one, relay publishing on the same cores", _ => committers.RunAwakeAsync(count), without),
            ]);
        }
    }
}
