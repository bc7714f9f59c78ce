using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;

namespace Bench.Peers;

/// <summary>From the first commit until the last message is in the queue.</summary>
internal sealed class Handover(Run run)
{
    public const int Committers = 32;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    /// <summary>Leaves no order behind, and nothing in the outbox of either.</summary>
    public static async Task PrepareAsync(OutboxTable table)
    {
        await table.Database.ExecuteAsync("TRUNCATE purchase, purchase_line");
        await WolverineHost.ForgetAsync(table.Database);
        // It ends with a checkpoint, of all of this.
        await table.EmptyAsync();
    }

    public async Task<Sample> RunAsync(int messages, Entrant entrant)
    {
        await PrepareAsync(entrant.Table);
        await entrant.Queue.EmptyAsync();
        await using var contender = await entrant.StartAsync();
        var meter = await CostMeter.StartAsync(run.Arena, entrant.Table.Database, contender.ProcessId);
        await contender.CommitAsync(messages, Committers);
        await Eventually.IsTrueAsync(async () => await entrant.Queue.CountAsync() >= messages, Deadline, $"{messages} messages are in the queue");
        return await meter.StopAsync(messages);
    }
}
