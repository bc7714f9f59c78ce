using System.Diagnostics;
using Bench.Measuring;
using Bench.Relaying;
using Bench.Setup;
using Npgsql;
using Outbox;

namespace Bench.Committing;

/// <summary>Commits business rows side by side, each with a context of its own, as requests do.</summary>
internal sealed class Committers(Run run, BoundQueue queue, OutboxTable table)
{
    private readonly TimeSpan _duration = TimeSpan.FromSeconds(run.Scale.Quick ? 0.5 : 2);

    /// <summary>What a purchase is committed with: nothing, a plain row, a message.</summary>
    public static readonly Action<OutboxContext, Purchase>
        Nothing = (_, _) => { },
        Receipt = (db, purchase) => db.Add(PurchaseReceipt.Of(purchase)),
        Message = (db, purchase) => db.AddMessage(PurchaseMade.Of(purchase));

    public async Task<Sample> RunAsync(int committers, Action<OutboxContext, Purchase> addTo)
    {
        await EmptyAsync();
        return await CommitAsync(committers, addTo);
    }

    /// <summary>Every commit notifies. A real relay would wake up when messages follow each other, so a session holds the relay's sleep lock
    /// in its place.</summary>
    public async Task<Sample> RunAsleepAsync(int committers)
    {
        await using var sleeper = await table.Database.Source.OpenConnectionAsync();
        await using var sleep = new NpgsqlCommand($"SELECT pg_advisory_lock({OutboxSql.SleepLock}, 'outbox_message'::regclass::oid::int)", sleeper);
        await sleep.ExecuteNonQueryAsync();
        try
        {
            return await RunAsync(committers, Message);
        }
        finally
        {
            sleep.CommandText = "SELECT pg_advisory_unlock_all()";
            await sleep.ExecuteNonQueryAsync();
        }
    }

    /// <summary>The relay takes its share of the same cores: that counts.</summary>
    public async Task<Sample> RunAwakeAsync(int committers)
    {
        await EmptyAsync();
        await using var relay = await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange);
        return await CommitAsync(committers, Message);
    }

    private async Task EmptyAsync()
    {
        await table.Database.ExecuteAsync("TRUNCATE purchase, purchase_line, purchase_receipt");
        await table.EmptyAsync();
        await queue.EmptyAsync();
    }

    private async Task<Sample> CommitAsync(int committers, Action<OutboxContext, Purchase> addTo)
    {
        var meter = await CostMeter.StartAsync(run.Arena, table.Database);
        var counts = await Task.WhenAll(Enumerable.Range(0, committers).Select(_ => Task.Run(() => CommitUntilTimeIsUpAsync(addTo))));
        return await meter.StopAsync(counts.Sum());
    }

    private async Task<int> CommitUntilTimeIsUpAsync(Action<OutboxContext, Purchase> addTo)
    {
        var watch = Stopwatch.StartNew();
        var count = 0;
        for (; watch.Elapsed < _duration; count++)
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
