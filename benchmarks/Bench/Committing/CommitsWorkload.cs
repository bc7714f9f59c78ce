using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;

namespace Bench.Committing;

/// <summary>What an outbox row adds to a commit of an order with three lines through EF Core.</summary>
internal static class CommitsWorkload
{
    public static async Task RunAsync(Run run)
    {
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.commits");
        await using var table = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        var committers = new Committers(run, queue, table);

        await run.MeasureAsync("commits", "commits/s",
        [
            Without(16),
            // Enough to tell what any further row costs.
            With(16, "with a plain row of its size", share => committers.RunAsync(16, Committers.Receipt, share)),
            .. WithMessage(16),
            Without(64),
            .. WithMessage(64),
        ]);

        Contestant Without(int count) => new(WithoutName(count), share => committers.RunAsync(count, Committers.Nothing, share));

        Contestant With(int count, string what, Func<double, Task<Sample>> commitAsync) =>
            new($"{count} committers, {what}", commitAsync, WithoutName(count));

        Contestant[] WithMessage(int count) =>
        [
            With(count, "with one, no relay", share => committers.RunAsync(count, Committers.Message, share)),
            With(count, "with one, relay asleep", share => committers.RunAsleepAsync(count, share)),
            With(count, "with one, relay publishing on the same cores", share => committers.RunAwakeAsync(count, share)),
        ];
    }

    private static string WithoutName(int count) => $"{count} committers, without an outbox row";
}
