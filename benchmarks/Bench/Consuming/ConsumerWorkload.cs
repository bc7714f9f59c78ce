using Bench.Measuring;
using Bench.Setup;

namespace Bench.Consuming;

/// <summary>How fast messages have their effect, against the same rows written without handlers.</summary>
internal static class ConsumerWorkload
{
    private const string Workload = "consumer";
    private const string Unit = "messages/s";
    private const string Raw = "raw SQL batches, best of 1 and 2";
    private const string OneByOne = "20 hot rows, one by one";
    private const string UnorderedOneByOne = "20 hot rows, three unordered consumers, one by one";

    public static async Task RunAsync(Run run)
    {
        var messages = run.Scale.Of(40_000, 4_000);
        var hot = run.Scale.Of(2_000, 600);
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

        await run.MeasureAsync(Workload, Unit,
            new Contestant(Raw, _ => raw.HandleAsync(messages)),
            new Contestant("handler, one insert with EF Core", _ => insert.HandleAsync(messages), Raw),
            new Contestant("handler, one insert with EF Core, saved together", _ => together.HandleAsync(messages), Raw),
            new Contestant("batch handler, one insert each with EF Core", _ => batch.HandleAsync(messages), Raw),
            new Contestant("batch handler, one statement for all", _ => atOnce.HandleAsync(messages), Raw));
        await run.MeasureAsync(Workload, Unit,
            new Contestant(OneByOne, _ => orderedOnes.HandleAsync(hot)),
            new Contestant("20 hot rows, ordered queue", _ => ordered.HandleAsync(hot), OneByOne),
            new Contestant(UnorderedOneByOne, _ => unorderedOnes.HandleAsync(3 * hot, consumers: 3)),
            new Contestant("20 hot rows, three unordered consumers", _ => unordered.HandleAsync(3 * hot, consumers: 3), UnorderedOneByOne));
    }
}
