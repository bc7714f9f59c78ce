using System.Net;
using System.Text.Json;

namespace OrderService.Tests.Orders;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class PlaceOrderTests(ServersFixture servers)
{
    [Fact]
    public async Task The_order_is_stored_with_its_message_and_read_as_it_was_given()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");

        using var answer = await service.PlaceAsync(
            """{"lines":[{"unitPrice":1.50,"quantity":1000000,"sku":"Größe ⅔ 🚀"},{"sku":"b","quantity":1,"unitPrice":1000000000},{"sku":"free","quantity":1,"unitPrice":0}],"currency":"CHF","customerId":"Zoë","unknown":[{}]}""");
        var placed = await answer.JsonAsync();
        var read = await service.ReadAsync(placed.GetProperty("id").GetGuid());

        Assert.Equal(JsonSerializer.Serialize(placed), JsonSerializer.Serialize(read));
        Assert.Equal("1001500000.00", read.GetProperty("total").GetRawText());
        Assert.Equal("Größe ⅔ 🚀", read.GetProperty("lines")[0].GetProperty("sku").GetString());
        Assert.Equal("1.50", read.GetProperty("lines")[0].GetProperty("unitPrice").GetRawText());
        Assert.Equal("0", read.GetProperty("lines")[2].GetProperty("unitPrice").GetRawText());
        var id = placed.GetProperty("id").GetString()!;
        Assert.Equal(1, await arena.CountAsync("orders"));
        Assert.Equal(id, await arena.Arena.ScalarAsync<string>(
            "SELECT key FROM outbox_message WHERE type = 'orders.order-placed.v1' AND routing_key = type AND exchange = 'orders.events'"));
        await arena.TellsOnceAsync(
            "orders.order-placed.v1",
            $$"""
            {"orderId":"{{id}}","customerId":"Zoë","currency":"CHF","total":1001500000,"placedAt":{{placed.GetProperty("placedAt").GetRawText()}},"lines":[
                {"sku":"Größe ⅔ 🚀","quantity":1000000,"unitPrice":1.5},{"sku":"b","quantity":1,"unitPrice":1000000000},{"sku":"free","quantity":1,"unitPrice":0}]}
            """);
    }

    [Fact]
    public async Task A_thousand_lines_of_the_longest_values_are_an_order_with_an_exact_total()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        var sku = string.Concat(Enumerable.Repeat("\\ud83d\\ude80", 64));
        var line = $$"""{"sku":"{{sku}}","quantity":1000000,"unitPrice":999999999.9999}""";

        using var answer = await service.PlaceAsync(
            $$"""{"customerId":"anna","currency":"EUR","lines":[{{string.Join(',', Enumerable.Repeat(line, 1000))}}]}""");

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(999999999999900000m, (await answer.JsonAsync()).GetProperty("total").GetDecimal());
    }

    [Fact]
    public async Task An_order_that_does_not_exist_is_not_found()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");

        foreach (var path in new[] { $"/orders/{Guid.NewGuid()}", "/orders/123", "/orders/%2e%2e", "/nowhere" })
        {
            using var answer = await service.Http.GetAsync(path);
            await answer.ProblemAsync(HttpStatusCode.NotFound);
        }

        using var cancel = await service.CancelAsync(Guid.NewGuid());
        await cancel.ProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_order_that_does_not_fit_into_a_message_is_refused_as_too_large()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api", "--Outbox:MaxBodyBytes=1024");
        var lines = string.Join(',', Enumerable.Repeat("""{"sku":"sku-1","quantity":1,"unitPrice":1}""", 100));

        using var answer = await service.PlaceAsync($$"""{"customerId":"anna","currency":"EUR","lines":[{{lines}}]}""");

        await answer.ProblemAsync(HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal(0, await arena.CountAsync("orders"));
    }
}
