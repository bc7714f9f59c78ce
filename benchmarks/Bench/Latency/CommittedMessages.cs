using System.Diagnostics;
using Bench.Relaying;
using Bench.Setup;
using Outbox;

namespace Bench.Latency;

/// <summary>Commits a business row with its outbox row; the clock starts when SaveChanges has returned. The relay hears of
/// it in its own process, or from the database alone as if it were in another one.</summary>
internal static class CommittedMessages
{
    public static async Task<IReadOnlyList<double>> RunAsync(Run run, BoundQueue queue, OutboxTable table, int messages, bool besideRelay)
    {
        await table.EmptyAsync();
        await queue.EmptyAsync();
        await using var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange);
        await using var arrivals = await Arrivals.SubscribeAsync(run.Arena, queue.Name);
        var newContext = besideRelay ? table.ContextsWith(relay.Settings) : table.NewContext;
        arrivals.Left(await Pace.RunAsync(run.Scale, messages, async () =>
        {
            await using var db = newContext();
            var purchase = Purchase.New();
            db.Add(purchase);
            var message = db.AddMessage(PurchaseMade.Of(purchase));
            await db.SaveChangesAsync(run.Stop);
            return new Departure(message, Stopwatch.GetTimestamp());
        }));
        return await arrivals.MillisecondsAsync();
    }
}
