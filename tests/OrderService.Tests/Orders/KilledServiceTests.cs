using System.Collections.Concurrent;
using System.Net;

namespace OrderService.Tests.Orders;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class KilledServiceTests(ServersFixture servers)
{
    private const int Count = 60;
    private const int Clients = 6;
    private const string Body = """{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":12.5}]}""";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("place.before-commit")]
    [InlineData("place.after-commit")]
    public async Task Killed_on_either_side_of_the_commit_it_leaves_no_order_without_its_message_and_a_repeated_request_is_the_same_order(string failpoint)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var answered = new ConcurrentDictionary<string, Guid>();
        await using (var killed = await ServiceProcess.StartAsync(arena, ("FAILPOINT", failpoint), ("FAILPOINT_AFTER", "20")))
        {
            await AskAsync(killed.Http, answered);
            await killed.ExitsAsync(Deadline);
            Assert.Equal(137, killed.ExitCode);
        }

        await HoldTogetherAsync(arena);
        var committed = await arena.OrdersByKeyAsync();
        Assert.InRange(committed.Count, 1, Count - 1);
        Assert.Subset(committed.ToHashSet(), answered.ToHashSet());
        if (failpoint == "place.after-commit")
        {
            // The request that was killed is one of these: committed, and nobody was told.
            Assert.True(committed.Count > answered.Count, "Nothing was committed without an answer.");
        }

        await using var next = await ServiceProcess.StartAsync(arena);
        var repeated = new ConcurrentDictionary<string, Guid>();
        await AskAsync(next.Http, repeated);

        Assert.Equal(Count, repeated.Count);
        Assert.Subset(repeated.ToHashSet(), committed.ToHashSet());
        Assert.Equal(Count, await arena.CountAsync("orders"));
        await HoldTogetherAsync(arena);
    }

    /// <summary>Places an order under each key, some at once, and notes what was answered.</summary>
    private static Task AskAsync(HttpClient http, ConcurrentDictionary<string, Guid> answered) => Parallel.ForEachAsync(
        Enumerable.Range(0, Count).Select(number => $"key {number}"),
        new ParallelOptions { MaxDegreeOfParallelism = Clients },
        async (key, _) =>
        {
            try
            {
                using var answer = await http.PlaceAsync(Body, key);
                Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK, $"{key} was answered with {answer.StatusCode}.");
                answered[key] = (await answer.JsonAsync()).GetProperty("id").GetGuid();
            }
            catch (HttpRequestException)
            {
                // It was killed: nobody knows what has become of this order.
            }
        });

    /// <summary>Each order has one message and one key, and neither exists without an order.</summary>
    private static async Task HoldTogetherAsync(ServiceArena arena)
    {
        Assert.Equal(0, await arena.Arena.ScalarAsync<long>(
            """
            SELECT count(*)
            FROM orders FULL JOIN outbox_message AS m ON m.key = orders.id::text FULL JOIN idempotency_key AS k ON k.order_id = orders.id
            WHERE orders.id IS NULL OR m.id IS NULL OR k.key IS NULL
            """));
        Assert.Equal(await arena.CountAsync("orders"), await arena.CountAsync("outbox_message"));
    }
}
