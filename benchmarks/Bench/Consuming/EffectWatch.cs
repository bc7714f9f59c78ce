using Bench.Measuring;
using Bench.Setup;

namespace Bench.Consuming;

/// <summary>Watches effects come to be by their table, which is the same for everybody and costs everybody the same.</summary>
internal static class EffectWatch
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    /// <summary>The rate from the first effect to the last by the database's own clock, however late they are seen here; the costs
    /// from when the first ones are seen. Where few messages are all handled by then, they have none.</summary>
    /// <param name="arena">Whose servers work.</param>
    /// <param name="table">Empty before.</param>
    /// <param name="messages">How many there are.</param>
    /// <param name="client">The process that handles them; null for this one.</param>
    public static async Task<Sample> MeasureAsync(Arena arena, EffectTable table, int messages, int? client)
    {
        await Eventually.IsTrueAsync(async () => await table.CountAsync() > 0, Deadline, "the first effect");
        // Before the costs are read and after: it takes a while.
        var before = await table.CountAsync();
        var meter = await CostMeter.StartAsync(arena, table.Database, client);
        var after = await table.CountAsync();
        await Eventually.IsTrueAsync(() => table.HoldsAsync(messages), Deadline, "all effects");
        var costs = after < messages ? (await meter.StopAsync(messages - ((before + after) / 2))).Costs : null;
        return new Sample(await table.RateAsync(), costs);
    }
}
