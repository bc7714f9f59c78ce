namespace Outbox.Tests.Marking;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class KilledRelayTests(ServersFixture servers)
{
    private const int Count = 600;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("relay.before-publish")]
    [InlineData("relay.after-publish")]
    [InlineData("relay.after-confirm")]
    [InlineData("relay.after-mark")]
    public async Task A_relay_killed_at_any_point_loses_nothing_marks_nothing_unsent_and_keeps_order(string failpoint)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.AddBacklogAsync(Count, key: "'k' || n % 3");
        await using var killed = RelayProcess.Start(
            arena, ("Outbox__InFlight", "50"), ("FAILPOINT", failpoint), ("FAILPOINT_AFTER", failpoint == "relay.after-mark" ? "0" : "200"));

        await killed.ExitsAsync(Deadline);

        Assert.Equal(137, killed.ExitCode);
        var published = (await tap.ReadAsync()).Select(delivery => Guid.Parse(delivery.MessageId!)).ToArray();
        var marked = await arena.Arena.ScalarAsync<Guid[]>("SELECT coalesce(array_agg(message_id), '{}') FROM outbox_message WHERE sent_at IS NOT NULL");
        Assert.InRange(published.Length, 1, Count - 1);
        Assert.Subset(published.ToHashSet(), marked!.ToHashSet());

        await arena.StartRelayAsync();
        await arena.AllSentAsync(Deadline);
        var deliveries = await tap.ReadUntilAsync(Count, Deadline);
        Assert.Equal(Count, deliveries.DistinctBy(delivery => delivery.MessageId).Count());
        // Only what was published and not yet marked comes twice.
        Assert.InRange(deliveries.Count - Count, 0, published.Length - marked!.Length);
        if (failpoint == "relay.after-confirm")
        {
            Assert.True(deliveries.Count > Count, "What was confirmed and not marked did not come again.");
        }

        Assert.All(Enumerable.Range(0, 3), key => Assert.Equal(deliveries.FirstArrivals($"k{key}").Order(), deliveries.FirstArrivals($"k{key}")));
    }
}
