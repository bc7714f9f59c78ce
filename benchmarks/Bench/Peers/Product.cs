using Bench.Relaying;
using Bench.Setup;
using Outbox;

namespace Bench.Peers;

/// <summary>This product: committers with EF Core and a relay, in this process.</summary>
internal sealed class Product(RunningRelay relay, OutboxTable table) : IContender
{
    public int? ProcessId => null;

    public static async Task<IContender> StartAsync(Run run, BoundQueue queue, OutboxTable table) =>
        new Product(await RunningRelay.StartAsync(run.Arena, table.Database, queue.Exchange), table);

    public async Task CommitAsync(int messages, int committers)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, committers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) <= messages)
            {
                await using var db = table.NewContext();
                var purchase = Purchase.New();
                db.Add(purchase);
                db.AddMessage(PurchaseMade.Of(purchase));
                await db.SaveChangesAsync();
            }
        })));
    }

    public Task<long> WaitingAsync() => table.Database.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE sent_at IS NULL");

    public ValueTask DisposeAsync() => relay.DisposeAsync();
}
