using System.Text;
using System.Text.Json;

namespace Outbox.Tests;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class RelayingTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_committed_message_reaches_the_bound_queue_and_is_marked_sent()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync();

        await arena.AddNotesAsync(1, 1, _ => "k1");

        var delivery = Assert.Single(await tap.ReadUntilAsync(1, Deadline));
        Assert.Equal(NoteTaken.MessageType, delivery.Type);
        Assert.Equal("k1", delivery.Key);
        Assert.Equal("""{"number":1,"text":"text"}""", Encoding.UTF8.GetString(delivery.Body));
        await arena.AllSentAsync(Deadline);
    }

    [Fact]
    public async Task A_backlog_is_drained_once_each_and_in_order_per_key()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.AddNotesAsync(1, 5_000, number => $"key {number % 7}");

        await arena.StartRelayAsync();

        var deliveries = await tap.ReadUntilAsync(5_000, TimeSpan.FromSeconds(60));
        await arena.AllSentAsync(Deadline);
        Assert.Equal(5_000, deliveries.Count);
        foreach (var key in deliveries.GroupBy(delivery => delivery.Key))
        {
            var numbers = key.Select(delivery => JsonDocument.Parse(delivery.Body).RootElement.GetProperty("number").GetInt32()).ToArray();
            Assert.Equal(numbers.Order(), numbers);
        }
    }
}
