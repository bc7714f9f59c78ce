using System.Diagnostics;
using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;
using Outbox;

namespace Bench.Committing;

/// <summary>Commits business rows side by side, each with a context of its own, as requests do.</summary>
internal sealed class Committers(Run run, BoundQueue queue, OutboxTable table)
{
    /// <summary>What a purchase is committed with: nothing, a plain row, a message.</summary>
    public static readonly Action<OutboxContext, Purchase>
        Nothing = (_, _) => { },
        Receipt = (db, purchase) => db.Add(PurchaseReceipt.Of(purchase)),
        Message = (db, purchase) => db.AddMessage(PurchaseMade.Of(purchase));

    public async Task<Sample> RunAsync(int committers, Action<OutboxContext, Purchase> addTo, double share)
    {
        await EmptyAsync();
        return await CommitAsync(committers, addTo, share);
    }

    /// <summary>Every commit notifies.</summary>
    public async Task<Sample> RunAsleepAsync(int committers, double share)
    {
        await EmptyAsync();
        await using var sleeper = await Sleeper.StartAsync(table.Database.Source);
        var sample = await CommitAsync(committers, Message, share);
        await sleeper.HeardAsync();
        return sample;
    }

    /// <summary>The relay takes its share of the same cores: that counts.</summary>
    public async Task<Sample> RunAwakeAsync(int committers, double share)
    {
        await EmptyAsync();
        await using var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange);
        return await CommitAsync(committers, Message, share);
    }

    private async Task EmptyAsync()
    {
        await table.Database.ExecuteAsync("TRUNCATE purchase, purchase_line, purchase_receipt");
        await table.EmptyAsync();
        await queue.EmptyAsync();
    }

    private async Task<Sample> CommitAsync(int committers, Action<OutboxContext, Purchase> addTo, double share)
    {
        var duration = TimeSpan.FromSeconds((run.Scale.Quick ? 0.5 : 2) * share);
        var meter = await CostMeter.StartAsync(run.Arena, table.Database);
        var counts = await Task.WhenAll(Enumerable.Range(0, committers).Select(_ => Task.Run(() => CommitUntilTimeIsUpAsync(duration, addTo))));
        return await meter.StopAsync(counts.Sum());
    }

    private async Task<int> CommitUntilTimeIsUpAsync(TimeSpan duration, Action<OutboxContext, Purchase> addTo)
    {
        var watch = Stopwatch.StartNew();
        var count = 0;
        for (; watch.Elapsed < duration; count++)
        {
            await using var db = table.NewContext();
            var purchase = Purchase.New();
            db.Add(purchase);
            addTo(db, purchase);
            await db.SaveChangesAsync(run.Stop);
        }

        return count;
    }
}
