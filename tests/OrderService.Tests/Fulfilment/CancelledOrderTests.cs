using System.Net;
using Inbox;
using Microsoft.EntityFrameworkCore;
using OrderService.Fulfilment;
using OrderService.Orders;
using OrderService.Orders.Contracts;
using OrderService.Tests.Orders;

namespace OrderService.Tests.Fulfilment;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class CancelledOrderTests(ServersFixture servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_confirmed_order_that_is_cancelled_gives_its_stock_back_once()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync();
        var id = await service.PlaceAsync("sku-1", 7);
        await service.BecomesAsync(id, "confirmed");

        using var cancelled = await service.CancelAsync(id);
        using var again = await service.CancelAsync(id);

        Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal("cancelled", (await again.JsonAsync()).GetProperty("status").GetString());
        await Eventually.EqualsAsync(1_000_000, () => arena.AvailableAsync("sku-1"), Soon, "stock");
        await arena.TellsOnceAsync("orders.order-cancelled.v1", $$"""{"orderId":"{{id}}","customerId":"anna","heldStock":true}""");
    }

    [Fact]
    public async Task An_order_that_is_cancelled_before_fulfilment_comes_to_it_is_left_alone_and_gives_nothing_back()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var api = await arena.StartAsync("--Roles=api");
        var id = await api.PlaceAsync("sku-1", 7);
        using var cancelled = await api.CancelAsync(id);
        await arena.TellsOnceAsync("orders.order-cancelled.v1", $$"""{"orderId":"{{id}}","customerId":"anna","heldStock":false}""");

        await arena.StartAsync("--Roles=relay,consumer");

        await Eventually.EqualsAsync(
            2L, () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM inbox_message WHERE consumer = 'orders.fulfilment'"), Soon, "handled messages");
        Assert.Equal("cancelled", (await api.ReadAsync(id)).GetProperty("status").GetString());
        Assert.Equal(1_000_000, await arena.AvailableAsync("sku-1"));
        Assert.Equal(0, await arena.CountAsync("notification"));
    }

    [Fact]
    public async Task A_rejected_order_cannot_be_cancelled()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync();
        var id = await service.PlaceAsync("unknown", 1);
        await service.BecomesAsync(id, "rejected");

        using var answer = await service.CancelAsync(id);

        await answer.ProblemAsync(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_cancellation_waits_for_fulfilment_of_the_same_order_and_sees_what_it_did()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        var id = await service.PlaceAsync("sku-1", 7);

        var cancelling = await service.WithContextAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await new ReserveStock(db).HandleAsync([new(Placed(id), Envelope())], CancellationToken.None);
            await db.SaveChangesAsync();
            var cancelling = service.CancelAsync(id);
            await Eventually.EqualsAsync(
                1L,
                () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"),
                Soon,
                "waiting cancellations");
            await transaction.CommitAsync();
            return cancelling;
        });
        using var answer = await cancelling;

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(await arena.Arena.ScalarAsync<bool>(
            "SELECT (convert_from(body, 'UTF8')::jsonb ->> 'heldStock')::bool FROM outbox_message WHERE type = 'orders.order-cancelled.v1'"));
        Assert.Equal(2, await arena.Arena.ScalarAsync<int>("SELECT version FROM orders"));
    }

    [Fact]
    public async Task Two_writers_who_read_the_same_version_exclude_each_other()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        var id = await service.PlaceAsync("sku-1", 7);

        await service.WithContextAsync(async db =>
        {
            var order = await db.Orders.SingleAsync(o => o.Id == id);
            using var _ = await service.CancelAsync(id);
            order.Confirm();
            await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => db.SaveChangesAsync());
            return true;
        });

        Assert.Equal("cancelled", (await service.ReadAsync(id)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task However_cancellations_and_fulfilment_race_the_stock_is_right_in_the_end()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync();

        var orders = await Task.WhenAll(Enumerable.Range(0, 60).Select(async n =>
        {
            var order = $$"""{"customerId":"anna","currency":"EUR","lines":[{"sku":"{{(n % 2 == 0 ? "sku-1" : "sku-2")}}","quantity":3,"unitPrice":9.90}]}""";
            using var placed = await Requests.InsistAsync(() => service.PlaceAsync(order, $"key {n}"));
            var id = (await placed.JsonAsync()).GetProperty("id").GetGuid();
            if (n % 3 != 0)
            {
                using var cancelled = await Requests.InsistAsync(() => service.CancelAsync(id));
                Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
            }

            return id;
        }));

        foreach (var (n, id) in orders.Index())
        {
            await service.BecomesAsync(id, n % 3 == 0 ? "confirmed" : "cancelled");
        }

        await Eventually.EqualsAsync(
            60L + 40L,
            () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM inbox_message WHERE consumer = 'orders.fulfilment'"), Soon, "handled messages");
        Assert.Equal(1_000_000 - (10 * 3), await arena.AvailableAsync("sku-1"));
        Assert.Equal(1_000_000 - (10 * 3), await arena.AvailableAsync("sku-2"));
    }

    private static OrderPlaced Placed(Guid id) => new(id, "anna", "EUR", 1, DateTimeOffset.UnixEpoch, []);

    private static MessageContext Envelope() => new()
    {
        MessageId = Guid.CreateVersion7(),
        Type = OrderPlaced.MessageType,
        Attempt = 1,
        Headers = new Dictionary<string, object?>(),
        Queue = "orders.fulfilment",
    };
}
