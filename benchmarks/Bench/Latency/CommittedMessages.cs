using Bench.Relaying;
using Bench.Setup;
using Outbox;

namespace Bench.Latency;

/// <summary>Commits a business row with its outbox row; the clock starts when SaveChanges has returned.</summary>
internal static class CommittedMessages
{
    public static async Task<IReadOnlyList<double>> RunAsync(Run run, BoundQueue queue, OutboxTable table)
    {
        await table.EmptyAsync();
        await using var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange);
        await using var arrivals = await Arrivals.SubscribeAsync(run.Arena, queue.Name);
        await Pace.RunAsync(run.Scale, async () =>
        {
            await using var db = table.NewContext();
            var purchase = Purchase.New();
            db.Add(purchase);
            var message = db.AddMessage(PurchaseMade.Of(purchase));
            await db.SaveChangesAsync(run.Stop);
            arrivals.Left(message);
        });
        return await arrivals.MillisecondsAsync();
    }
}
