using Bench.Measuring;
using Bench.Setup;

namespace Bench.Consuming;

/// <summary>Watches effects come to be by their table, which is the same for everybody and costs everybody the same.</summary>
internal static class EffectWatch
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    /// <summary>From the first effect until there are as many as <paramref name="messages"/>.</summary>
    /// <param name="arena">Whose servers work.</param>
    /// <param name="table">Empty before.</param>
    /// <param name="messages">How many there are.</param>
    /// <param name="client">The process that handles them; null for this one.</param>
    public static async Task<Sample> MeasureAsync(Arena arena, EffectTable table, int messages, int? client)
    {
        await Eventually.IsTrueAsync(async () => await table.CountAsync() > 0, Deadline, "the first effect");
        var meter = await CostMeter.StartAsync(arena, table.Database, client);
        var before = await table.CountAsync();
        await Eventually.IsTrueAsync(async () => await table.CountAsync() >= messages, Deadline, "all effects");
        return await meter.StopAsync(messages - before);
    }
}
