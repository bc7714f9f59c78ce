using System.Net;
using Npgsql;
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
        await arena.TellsOnceAsync("orders.order-confirmed.v1", $$"""{"orderId":"{{id}}","customerId":"anna"}""");
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
        await arena.TellsOnceAsync("orders.order-rejected.v1", $$"""{"orderId":"{{id}}","customerId":"anna"}""");
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
    public async Task In_the_schema_of_the_search_path_an_order_takes_the_whole_way_and_no_other_schema_is_touched()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var shop = new NpgsqlConnectionStringBuilder(arena.Arena.Postgres) { SearchPath = "shop" }.ConnectionString;
        await ServiceArena.MigrateAsync(shop);
        await arena.Arena.ExecuteAsync("INSERT INTO shop.stock (sku, available) VALUES ('sku-1', 5)");
        var service = await arena.StartAsync($"--ConnectionStrings:Postgres={shop}");

        using var placed = await service.PlaceAsync(
            """{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]}""", "key");
        await service.BecomesAsync((await placed.JsonAsync()).GetProperty("id").GetGuid(), "confirmed");

        await Eventually.EqualsAsync(1L, () => arena.CountAsync("shop.notification"), Soon, "notifications");
        await Eventually.EqualsAsync(2L, () => arena.CountAsync("shop.outbox_message WHERE sent_at IS NOT NULL"), Soon, "sent rows");
        Assert.Equal(3, await arena.Arena.ScalarAsync<long>("SELECT available FROM shop.stock"));
        Assert.Equal(2, await arena.CountAsync("shop.inbox_message"));
        foreach (var table in new[] { "orders", "order_line", "idempotency_key", "outbox_message", "inbox_message", "notification" })
        {
            Assert.Equal(0, await arena.CountAsync($"public.{table}"));
        }

        Assert.Equal(1_000_000, await arena.AvailableAsync("sku-1"));
    }

    [Fact]
    public async Task Metrics_have_the_names_that_alerts_are_written_with()
    {
        string[] names =
        [
            "outbox_sent_total", "outbox_deferred_total", "outbox_parked_total", "outbox_unroutable_accepted_total",
            "outbox_pending", "outbox_waiting_deferred", "outbox_waiting_parked", "outbox_oldest_age_seconds", "outbox_owner",
            // Those of the inbox before there is anything to count: the first would not show as a rise.
            "inbox_handled_total", "inbox_duplicates_suppressed_total", "inbox_retried_total", "inbox_dead_lettered_total", "inbox_failed_acks_total",
            "inbox_handle_duration_seconds",
        ];
        var manual = await File.ReadAllTextAsync(Path.Combine(Servers.RepositoryRoot.Path, "docs", "operating.md"));
        Assert.All(names, name => Assert.Contains($"`{name}`", manual, StringComparison.Ordinal));
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Outbox:Unroutable=accept", "--Outbox:MaxAttempts=2", "--Outbox:RetryFirst=10ms");
        // One for which no queue is bound, and one that is deferred, then parked.
        await arena.Arena.ExecuteAsync(
            "INSERT INTO outbox_message (exchange, routing_key, type, body) VALUES ('orders.events', 'nobody', 't', ''), ('nowhere', 'r', 't', '')");

        await service.BecomesAsync(await service.PlaceAsync("sku-1", 1), "confirmed");

        names = [.. names.SkipLast(1), "inbox_handle_duration_seconds_bucket", "inbox_handle_duration_seconds_sum", "inbox_handle_duration_seconds_count", "http_server_request_duration_seconds_count"];
        List<string> missing = [];
        await Eventually.IsTrueAsync(
            async () =>
            {
                var served = await SeriesAsync(service);
                missing = [.. names.Except(served.Select(series => series.Split('{', ' ')[0]))];
                return missing.Count == 0;
            },
            Soon,
            () => $"all metrics (there is no {string.Join(", ", missing)})");
        Assert.Contains(await SeriesAsync(service), series =>
            series.StartsWith("inbox_handle_duration_seconds_bucket", StringComparison.Ordinal) && series.Contains("le=\"0.025\"", StringComparison.Ordinal));
    }

    private static async Task<IEnumerable<string>> SeriesAsync(ServiceUnderTest service) =>
        (await service.Http.GetStringAsync("/metrics")).Split('\n').Where(line => line.Length > 0 && line[0] != '#');
}
