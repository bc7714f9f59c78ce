using Bench.Measuring;
using Bench.Setup;

namespace Bench.Relaying;

/// <summary>How fast one relay empties its table, against the same messages published from memory.</summary>
internal static class RelayWorkload
{
    private const string Workload = "relay";
    private const string Unit = "messages/s";
    private const string Memory = "memory, best of 1, 2 and 4 channels";
    private const string OneByOne = "memory, one confirm round trip each";
    private const string Unkeyed = "marking";

    public static async Task RunAsync(Run run)
    {
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.relay");
        await using var drain = new Drain(run, queue, await OutboxTable.CreateAsync(run.Arena, queue.Exchange));
        var ceiling = new MemoryCeiling(run, queue);
        var rows = run.Scale.Of(200_000, 20_000);
        var few = run.Scale.Of(5_000, 500);

        await run.MeasureAsync(Workload, Unit,
            // Three times half of the rows: it is at its full speed long before.
            new Contestant(Memory, _ => ceiling.PipelinedAsync(rows / 2)),
            new Contestant(OneByOne, _ => ceiling.OneByOneAsync(few)),
            new Contestant(Unkeyed, _ => drain.RunAsync(rows), Memory),
            new Contestant("retention 0", _ => drain.RunAsync(rows, retention: "0"), Memory),
            new Contestant("100,000 keys", _ => drain.RunAsync(rows / 2, Keys(100_000)), Unkeyed),
            new Contestant("1,000 keys", _ => drain.RunAsync(rows / 2, Keys(1_000)), Unkeyed),
            new Contestant("100 keys", _ => drain.RunAsync(rows / 4, Keys(100)), Unkeyed),
            new Contestant("1 key", _ => drain.RunAsync(few, Keys(1)), OneByOne));
    }

    private static string Keys(int count) => $"'key-' || n % {count}";
}
