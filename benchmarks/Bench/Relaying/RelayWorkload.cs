using Bench.Measuring;
using Bench.Setup;

namespace Bench.Relaying;

/// <summary>How fast one relay empties its table, against the same messages published from memory.</summary>
internal static class RelayWorkload
{
    private const string OneByOne = "memory, one confirm round trip each";
    private const string Unkeyed = "marking";
    private static readonly int[] Channels = [1, 2, 4];

    public static async Task RunAsync(Run run)
    {
        await using var queue = await BoundQueue.DeclareAsync(run.Arena, "bench.relay");
        await using var table = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        await using var deletedFrom = await OutboxTable.CreateAsync(run.Arena, queue.Exchange);
        // Relays that stay, as a service's does: a session of PostgreSQL that is new pays for each page of the shared memory that it
        // touches for the first time, and three of a relay's touch all that are drained.
        await using var marking = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange);
        await using var deleting = await RunningRelay.StartAsync(run.Arena, deletedFrom.Database, queue.Exchange, ("Outbox:Retention", "0"));
        var (drain, drainDeleting) = (new Drain(run, queue, table), new Drain(run, queue, deletedFrom));
        var memory = new MemoryCeiling(run, queue);
        var ceilings = Channels.Select(channels => channels == 1 ? "memory, 1 channel" : $"memory, {channels} channels").ToList();

        await run.MeasureAsync("relay", "messages/s",
        [
            // A quarter of the rows: it is at its full speed long before, and there are three of them.
            .. Channels.Zip(ceilings, (channels, name) => new Contestant(name, share => memory.PipelinedAsync(Rows(share) / 4, channels))),
            new(OneByOne, share => memory.OneByOneAsync(Few(share))),
            new(Unkeyed, share => drain.FromCommitAsync(marking, Rows(share)), ceilings),
            new("retention 0", share => drainDeleting.FromCommitAsync(deleting, Rows(share)), ceilings),
            // Two rows of each key at least: of a key with one only, nothing has to wait.
            new("100,000 keys", share => drain.FromCommitAsync(marking, Rows(share), Keys(100_000)), Unkeyed),
            new("1,000 keys", share => drain.FromCommitAsync(marking, Rows(share) / 2, Keys(1_000)), Unkeyed),
            new("100 keys", share => drain.FromCommitAsync(marking, Rows(share) / 4, Keys(100)), Unkeyed),
            new("1 key", share => drain.FromCommitAsync(marking, Few(share), Keys(1)), OneByOne),
        ]);

        int Rows(double share) => run.Scale.Of(200_000, 20_000, share);

        int Few(double share) => run.Scale.Of(5_000, 500, share);
    }

    private static string Keys(int count) => $"'key-' || n % {count}";
}
