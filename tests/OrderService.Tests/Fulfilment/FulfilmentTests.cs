using System.Net;
using OrderService.Tests.Orders;

namespace OrderService.Tests.Fulfilment;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class FulfilmentTests(ServersFixture servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task An_order_is_placed_then_confirmed_with_one_notification()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync();

        using var answer = await service.PlaceAsync(
            """{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90},{"sku":"sku-2","quantity":1,"unitPrice":0.0001}]}""");

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var placed = await answer.JsonAsync();
        var id = placed.GetProperty("id").GetGuid();
        Assert.Equal($"/orders/{id}", answer.Headers.Location?.OriginalString);
        Assert.Equal("placed", placed.GetProperty("status").GetString());
        Assert.Equal(19.8001m, placed.GetProperty("total").GetDecimal());
        await service.BecomesAsync(id, "confirmed");
        await Eventually.EqualsAsync(
            1L, () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM notification WHERE order_id = $1 AND kind = 'confirmed'", id), Soon, "notifications");
        Assert.Equal(999_998, await arena.AvailableAsync("sku-1"));
        Assert.Equal(999_999, await arena.AvailableAsync("sku-2"));
        Assert.Equal(1, await arena.CountAsync("notification"));
    }

    [Theory]
    [InlineData("unknown-sku", 1)]
    [InlineData("rare", 6)]
    public async Task An_order_for_what_is_not_there_is_rejected_and_takes_nothing(string sku, int quantity)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync();

        using var answer = await service.PlaceAsync(
            $$"""{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":3,"unitPrice":1},{"sku":"{{sku}}","quantity":{{quantity}},"unitPrice":1}]}""");

        var id = (await answer.JsonAsync()).GetProperty("id").GetGuid();
        await service.BecomesAsync(id, "rejected");
        await Eventually.EqualsAsync(
            1L, () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM notification WHERE order_id = $1 AND kind = 'rejected'", id), Soon, "notifications");
        Assert.Equal(1_000_000, await arena.AvailableAsync("sku-1"));
        Assert.Equal(5, await arena.AvailableAsync("rare"));
    }

    [Fact]
    public async Task Lines_of_the_same_sku_are_reserved_together()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync();

        using var tooMuch = await service.PlaceAsync(
            """{"customerId":"anna","currency":"EUR","lines":[{"sku":"rare","quantity":3,"unitPrice":1},{"sku":"rare","quantity":3,"unitPrice":1}]}""");
        await service.BecomesAsync((await tooMuch.JsonAsync()).GetProperty("id").GetGuid(), "rejected");
        using var enough = await service.PlaceAsync(
            """{"customerId":"anna","currency":"EUR","lines":[{"sku":"rare","quantity":3,"unitPrice":1},{"sku":"rare","quantity":2,"unitPrice":1}]}""");
        await service.BecomesAsync((await enough.JsonAsync()).GetProperty("id").GetGuid(), "confirmed");

        Assert.Equal(0, await arena.AvailableAsync("rare"));
    }

    [Fact]
    public async Task Roles_in_services_of_their_own_work_together()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var api = await arena.StartAsync("--Roles=api");
        await arena.StartAsync("--Roles=relay");
        await arena.StartAsync("--Roles=consumer");

        var id = await api.PlaceAsync("sku-1", 1);

        await api.BecomesAsync(id, "confirmed");
        await Eventually.EqualsAsync(1L, () => arena.CountAsync("notification"), Soon, "notifications");
    }

    [Fact]
    public async Task Metrics_tell_what_waits_and_what_was_done()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync();
        var id = await service.PlaceAsync("sku-1", 1);
        await service.BecomesAsync(id, "confirmed");

        string[] names =
        [
            "outbox_pending", "outbox_oldest_age_seconds", "outbox_sent", "inbox_handled", "http_server_request_duration_seconds_count",
            // Before there is one: the first would not show as a rise.
            "inbox_dead_lettered",
        ];
        foreach (var name in names)
        {
            await Eventually.IsTrueAsync(
                async () => (await service.Http.GetStringAsync("/metrics")).Split('\n').Any(line => line.StartsWith(name, StringComparison.Ordinal)),
                Soon,
                $"a metric {name}");
        }

        await Eventually.IsTrueAsync(
            async () => (await service.Http.GetStringAsync("/metrics")).Split('\n').Any(line =>
                line.StartsWith("inbox_handle_duration_seconds_bucket", StringComparison.Ordinal) && line.Contains("le=\"0.025\"", StringComparison.Ordinal)),
            Soon,
            "how long a handler takes, in milliseconds");
    }
}
