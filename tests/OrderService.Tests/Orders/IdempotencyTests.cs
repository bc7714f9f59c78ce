using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OrderService.Orders.Placing;

namespace OrderService.Tests.Orders;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class IdempotencyTests(ServersFixture servers)
{
    private const string Body = """{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":12.5}]}""";

    [Fact]
    public async Task The_same_key_and_order_again_is_the_same_order()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");

        using var first = await service.PlaceAsync(Body, "key 1");
        using var second = await service.PlaceAsync(
            """ { "lines" : [ {"unitPrice":1.2500e1,"sku":"sku-\u0031","quantity":2,"note":"x"} ], "currency":"EUR", "customerId":"anna" } """, "key 1");

        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal((await first.JsonAsync()).GetProperty("id").GetGuid(), (await second.JsonAsync()).GetProperty("id").GetGuid());
        Assert.Equal(1, await arena.CountAsync("orders"));
        Assert.Equal(1, await arena.CountAsync("outbox_message"));
    }

    [Theory]
    [InlineData("""{"customerId":"bert","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":12.5}]}""")]
    [InlineData("""{"customerId":"anna","currency":"CHF","lines":[{"sku":"sku-1","quantity":2,"unitPrice":12.5}]}""")]
    [InlineData("""{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-2","quantity":2,"unitPrice":12.5}]}""")]
    [InlineData("""{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":3,"unitPrice":12.5}]}""")]
    [InlineData("""{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":12.5001}]}""")]
    [InlineData("""{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":1,"unitPrice":12.5},{"sku":"sku-1","quantity":1,"unitPrice":12.5}]}""")]
    public async Task The_same_key_with_another_order_is_refused(string other)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");

        using var first = await service.PlaceAsync(Body, "key");
        using var second = await service.PlaceAsync(other, "key");

        await second.ProblemAsync(HttpStatusCode.UnprocessableEntity);
        Assert.Equal(1, await arena.CountAsync("orders"));
    }

    [Fact]
    public async Task The_same_key_a_hundred_times_at_once_is_one_order()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        var longest = string.Concat(Enumerable.Repeat("~ k", 85));

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Requests.InsistAsync(() => service.PlaceAsync(Body, longest))));

        Assert.InRange(answers.Count(answer => answer.StatusCode == HttpStatusCode.Created), 0, 1);
        Assert.All(answers, answer => Assert.True(answer.IsSuccessStatusCode, $"It was answered with {answer.StatusCode}."));
        Assert.Single(answers.Select(answer => answer.Headers.Location).Distinct());
        Assert.Equal(1, await arena.CountAsync("orders"));
        Assert.Equal(1, await arena.CountAsync("outbox_message"));
        Assert.Equal(1, await arena.CountAsync("idempotency_key"));
    }

    [Fact]
    public async Task A_key_is_known_for_24_hours_and_then_counts_as_absent_and_is_purged()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        foreach (var key in new[] { "reused", "forgotten", "old" })
        {
            using var _ = await service.PlaceAsync(Body, key);
        }

        await arena.Arena.ExecuteAsync(
            """
            UPDATE idempotency_key
            SET created_at = now() - CASE key WHEN 'old' THEN interval '23 hours 59 minutes' ELSE interval '24 hours 1 second' END
            """);
        using var known = await service.PlaceAsync(Body, "old");
        using var again = await service.PlaceAsync(Body, "reused");
        var isMoreWaiting = await service.Services.GetRequiredService<IdempotencyPurge>().PurgeBatchAsync(CancellationToken.None);

        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        Assert.Equal((await arena.OrdersByKeyAsync())["old"], (await known.JsonAsync()).GetProperty("id").GetGuid());
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.Equal(4, await arena.CountAsync("orders"));
        Assert.False(isMoreWaiting);
        Assert.Equal(2, await arena.CountAsync("idempotency_key"));
    }

    [Fact]
    public async Task Without_a_key_each_request_is_an_order_of_its_own()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");

        using var first = await service.PlaceAsync(Body);
        using var second = await service.PlaceAsync(Body);

        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal(2, await arena.CountAsync("orders"));
    }
}
