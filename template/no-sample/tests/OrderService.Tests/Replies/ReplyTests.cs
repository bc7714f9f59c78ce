using OrderService.Tests.Greetings;

namespace OrderService.Tests.Replies;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ReplyTests(ServersFixture servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_greeting_is_replied_to()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync();

        var id = await service.AskForAsync("Anna");

        await Eventually.EqualsAsync(
            "Hello, Anna!", () => arena.Arena.ScalarAsync<string>("SELECT text FROM reply WHERE greeting_id = $1", id), Soon, "reply");
    }

    [Fact]
    public async Task A_message_that_is_published_twice_is_replied_to_once()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var api = await arena.StartAsync("--Roles=api");
        await api.AskForAsync("Anna");
        await arena.Arena.ExecuteAsync(
            "INSERT INTO outbox_message (message_id, exchange, routing_key, type, body) SELECT message_id, exchange, routing_key, type, body FROM outbox_message");
        await api.AskForAsync("the last one");

        await arena.StartAsync("--Roles=relay,consumer");

        await Eventually.EqualsAsync(
            1L, () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM reply WHERE text LIKE '%last%'"), Soon, "the last reply");
        Assert.Equal(3, await arena.CountAsync("outbox_message"));
        Assert.Equal(2, await arena.CountAsync("reply"));
    }
}
