using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OrderService.Database;
using OrderService.Orders.Reading;

namespace OrderService.Tests.Orders;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ListOrdersTests(ServersFixture servers)
{
    [Fact]
    public async Task Pages_of_50_or_as_many_as_are_asked_for_hold_every_order_once_newest_first_although_moments_are_equal()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        await arena.Arena.ExecuteAsync(
            """
            INSERT INTO orders (id, customer_id, currency, status, total, placed_at, version)
            SELECT gen_random_uuid(), 'c' || n % 2, 'EUR', CASE WHEN n % 5 = 0 THEN 'rejected' ELSE 'confirmed' END, n,
                   timestamptz '2026-01-01' + n / 10 * interval '1 microsecond', 1
            FROM generate_series(1, 137) AS n
            """);

        List<int> usual = [];
        await WalkAsync(service, "/orders?", usual);
        var all = await WalkAsync(service, "/orders?limit=10");
        var some = await WalkAsync(service, "/orders?customerId=c1&status=rejected&limit=3");

        Assert.Equal([50, 50, 37], usual);
        Assert.Equal(137, all.DistinctBy(Id).Count());
        Assert.Equal(137, all.Count);
        Assert.Equal(all.OrderByDescending(order => order.GetProperty("placedAt").GetDateTimeOffset()).Select(Id), all.Select(Id));
        Assert.Equal(14, some.Count);
        Assert.All(some, order => Assert.Equal("c1 rejected", $"{order.GetProperty("customerId")} {order.GetProperty("status")}"));
    }

    [Fact]
    public async Task A_page_of_long_orders_holds_fewer_of_them_and_no_order_is_left_out()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        await arena.Arena.ExecuteAsync(
            """
            INSERT INTO orders (id, customer_id, currency, status, total, placed_at, version)
            SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'anna', 'EUR', 'placed', 1, timestamptz '2026-01-01' - n * interval '1 minute', 0
            FROM generate_series(1, 5) AS n;
            INSERT INTO order_line (order_id, line, sku, quantity, unit_price)
            SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, line, 'sku-1', 1, 1
            FROM (VALUES (1, 4000), (2, 6000), (3, 1), (4, 12000), (5, 2)) AS ordered (n, lines) CROSS JOIN generate_series(1, lines) AS line
            """);

        List<int> pages = [];
        var all = await WalkAsync(service, "/orders?limit=200", pages);

        Assert.Equal([2, 1, 1, 1], pages);
        Assert.Equal([4000, 6000, 1, 12000, 2], all.Select(order => order.GetProperty("lines").GetArrayLength()));
    }

    [Theory]
    [InlineData("", "orders_placed_at")]
    [InlineData("status=confirmed&", "orders_status")]
    [InlineData("customerId=c1&", "orders_customer")]
    public async Task A_page_is_read_from_an_index_from_where_the_last_one_ended_without_sorting(string filter, string index)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync(
            """
            INSERT INTO orders (id, customer_id, currency, status, total, placed_at, version)
            SELECT gen_random_uuid(), 'c' || n % 2, 'EUR', CASE WHEN n % 2 = 0 THEN 'rejected' ELSE 'confirmed' END, n,
                   timestamptz '2026-01-01' + n * interval '1 second', 1
            FROM generate_series(1, 20000) AS n
            """);
        await arena.Arena.ExecuteAsync("VACUUM ANALYZE orders");
        // Of equally good indexes the planner takes any: only the one in question is left.
        await arena.Arena.ExecuteAsync(
            $"""
            DO $$ DECLARE other text; BEGIN
                FOR other IN SELECT indexname FROM pg_indexes WHERE tablename = 'orders' AND indexname NOT IN ('orders_pkey', '{index}')
                LOOP EXECUTE 'DROP INDEX ' || other; END LOOP;
            END $$
            """);

        var pages = new PageCommands();
        var service = await arena.StartAsync(
            services => services.ConfigureDbContext<OrdersDbContext>(options => options.AddInterceptors(pages)), "--Roles=api");
        var cursor = new OrderCursor(new DateTimeOffset(2026, 1, 1, 2, 0, 0, TimeSpan.Zero), Guid.Empty);
        using var answer = await service.Http.GetAsync($"/orders?{filter}after={cursor}");
        answer.EnsureSuccessStatusCode();

        var plan = await pages.ExplainAsync(arena.Arena.DataSource);

        Assert.Contains(index, plan, StringComparison.Ordinal);
        // An index that is read from its beginning, up to where the page begins, has no such condition.
        Assert.Matches(@"""Index Cond"": "".*ROW\((\w+\.)?placed_at, (\w+\.)?id\) < ROW\(", plan);
        Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal);
    }

    private static Guid Id(JsonElement order) => order.GetProperty("id").GetGuid();

    private static async Task<List<JsonElement>> WalkAsync(ServiceUnderTest service, string path, List<int>? pages = null)
    {
        List<JsonElement> orders = [];
        for (var next = path; next is not null;)
        {
            var page = await service.Http.GetFromJsonAsync<JsonElement>(next);
            orders.AddRange(page.GetProperty("items").EnumerateArray());
            pages?.Add(page.GetProperty("items").GetArrayLength());
            var after = page.GetProperty("next").GetString();
            next = after is null ? null : $"{path}&after={after}";
        }

        return orders;
    }
}
