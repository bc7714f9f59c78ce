using Migrations;
using Npgsql;
using OrderService.Database;
using OrderService.Fulfilment;
using OrderService.Orders;

namespace OrderService.Tests.Fulfilment;

/// <summary>Rows that several transactions take are taken in one order by all of them: else each of two could hold what the other
/// waits for.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class LockOrderTests(ServersFixture servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public Task Stock_is_taken_in_the_order_of_its_skus_whatever_the_order_of_the_lines() => TakesTheFirstFirstAsync(
        "DELETE FROM stock; INSERT INTO stock (sku, available) VALUES ('b', 1), ('a', 1)",
        "SELECT sku FROM stock WHERE sku = 'a' FOR NO KEY UPDATE",
        db => LockedStock.LockAsync(db, [LineOf("b"), LineOf("a")], CancellationToken.None),
        "SELECT count(*) FROM (SELECT sku FROM stock WHERE sku = 'b' FOR NO KEY UPDATE SKIP LOCKED) AS free");

    [Fact]
    public Task Orders_are_taken_in_the_order_of_their_ids_whatever_the_order_of_the_messages() => TakesTheFirstFirstAsync(
        """
        INSERT INTO orders (id, customer_id, currency, status, total, placed_at, version)
        SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'anna', 'EUR', 'placed', 1, now(), 0 FROM (VALUES (2), (1)) AS backwards (n)
        """,
        "SELECT id FROM orders WHERE id = '00000000-0000-0000-0000-000000000001' FOR NO KEY UPDATE",
        db => db.Orders.LockAsync([IdOf(2), IdOf(1)], CancellationToken.None),
        "SELECT count(*) FROM (SELECT id FROM orders WHERE id = '00000000-0000-0000-0000-000000000002' FOR NO KEY UPDATE SKIP LOCKED) AS free");

    /// <summary>Fails unless a transaction that takes two rows, and waits for the first, has not taken the second. The second lies
    /// before the first in the table, where a scan meets it first.</summary>
    private async Task TakesTheFirstFirstAsync(string fill, string takeFirst, Func<OrdersDbContext, Task> takeBoth, string countFreeSecond)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync(fill);
        await using var holder = await arena.Arena.DataSource.OpenConnectionAsync();
        await using var held = await holder.BeginTransactionAsync();
        await using var take = new NpgsqlCommand(takeFirst, holder, held);
        await take.ExecuteNonQueryAsync();
        // An index would give the rows in order by itself, for as long as the planner chooses it.
        await using var db = OrdersDbContextFactory.Create(arena.Arena.Postgres + ";Options=-c enable_indexscan=off -c enable_bitmapscan=off");
        await using var transaction = await db.Database.BeginTransactionAsync();

        var taking = takeBoth(db);
        await Eventually.EqualsAsync(
            1L,
            () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"),
            Soon,
            "waiting transactions");

        var free = await arena.Arena.ScalarAsync<long>(countFreeSecond);
        await held.CommitAsync();
        await taking;
        Assert.Equal(1L, free);
    }

    private static OrderLine LineOf(string sku) => new() { Line = 1, Sku = sku, Quantity = 1, UnitPrice = 1 };

    private static Guid IdOf(int number) => Guid.Parse($"00000000-0000-0000-0000-00000000000{number}");
}
