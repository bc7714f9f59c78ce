using Bench.Measuring;
using Bench.Setup;

namespace Bench.Consuming;

/// <summary>How fast messages have their effect, against the same rows written without handlers.</summary>
internal static class ConsumerWorkload
{
    private const string OneByOne = "20 hot rows, one by one";
    private const string UnorderedOneByOne = "20 hot rows, three unordered consumers, one by one";
    private static readonly string[] Raw = ["raw SQL batches, one consumer", "raw SQL batches, two consumers"];

    public static async Task RunAsync(Run run)
    {
        await using var table = await EffectTable.CreateAsync(run.Arena);
        await using var plain = await BoundQueue.DeclareAsync(run.Arena, "bench.raw");
        var raw = new RawCeiling(run, table, plain);
        await using var insert = await FilledQueue.DeclareAsync(run, table, "bench.insert", queue => queue.Handle<Counting, InsertOne>());
        await using var together = await FilledQueue.DeclareAsync(
            run, table, "bench.together", queue => queue.Handle<Counting, InsertOne>().SaveTogether());
        await using var batch = await FilledQueue.DeclareAsync(run, table, "bench.batch", queue => queue.HandleBatch<Counting, InsertBatch>());
        await using var atOnce = await FilledQueue.DeclareAsync(run, table, "bench.batch.once", queue => queue.HandleBatch<Counting, InsertBatchAtOnce>());
        await using var ordered = await FilledQueue.DeclareAsync(run, table, "bench.hot", queue => queue.Handle<Counting, ChangeHotRows>());
        await using var orderedOnes = await FilledQueue.DeclareAsync(
            run, table, "bench.hot.ones", queue => queue.Handle<Counting, ChangeHotRows>().BatchSize(1).Lanes(1));
        await using var unordered = await FilledQueue.DeclareAsync(
            run, table, "bench.unordered", queue => queue.Handle<Counting, ChangeHotRows>().Unordered());
        await using var unorderedOnes = await FilledQueue.DeclareAsync(
            run, table, "bench.unordered.ones", queue => queue.Handle<Counting, ChangeHotRows>().Unordered().BatchSize(1).Lanes(1));

        await run.MeasureAsync("consumer", "messages/s",
            new Contestant(Raw[0], share => raw.HandleAsync(Messages(share), consumers: 1)),
            new Contestant(Raw[1], share => raw.HandleAsync(Messages(share), consumers: 2)),
            new Contestant("handler, one insert with EF Core", share => insert.HandleAsync(Messages(share)), Raw),
            new Contestant("handler, one insert with EF Core, saved together", share => together.HandleAsync(Messages(share)), Raw),
            new Contestant("batch handler, one insert each with EF Core", share => batch.HandleAsync(Messages(share)), Raw),
            new Contestant("batch handler, one statement for all", share => atOnce.HandleAsync(Messages(share)), Raw),
            new Contestant(OneByOne, share => orderedOnes.HandleAsync(Hot(share))),
            new Contestant("20 hot rows, ordered queue", share => ordered.HandleAsync(Hot(share)), OneByOne),
            new Contestant(UnorderedOneByOne, share => unorderedOnes.HandleAsync(3 * Hot(share), consumers: 3)),
            new Contestant("20 hot rows, three unordered consumers", share => unordered.HandleAsync(3 * Hot(share), consumers: 3), UnorderedOneByOne));

        int Messages(double share) => run.Scale.Of(20_000, 4_000, share);

        int Hot(double share) => run.Scale.Of(1_200, 600, share);
    }
}
