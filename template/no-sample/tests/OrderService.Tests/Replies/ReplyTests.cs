using System.Text.RegularExpressions;
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

        var consumer = await arena.StartAsync("--Roles=relay,consumer");

        // Until all three have been met: messages without a key are handled side by side, and the copy may come last.
        await Eventually.IsTrueAsync(
            async () => await HasSuppressedOneAsync(consumer) && await arena.CountAsync("inbox_message") == 2, Soon, "two messages are handled and one is suppressed");
        Assert.Equal(3, await arena.CountAsync("outbox_message"));
        Assert.Equal(2, await arena.CountAsync("reply"));
    }

    private static async Task<bool> HasSuppressedOneAsync(ServiceUnderTest consumer) =>
        Regex.IsMatch(await consumer.Http.GetStringAsync("/metrics"), @"^inbox_duplicates_suppressed_total\S* 1( |$)", RegexOptions.Multiline);
}
