namespace Outbox.Tests.Reading;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class BlockedKeyTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_blocked_key_with_fifty_thousand_waiting_rows_neither_stalls_other_keys_nor_grows_memory()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync(("Outbox:RetryFirst", "1h"), ("Outbox:RetryCap", "1h"));
        await arena.InsertAsync(", key", ", 'blocked'", routingKey: "nobody.listens.v1");
        await Eventually.EqualsAsync(1L, () => arena.CountAsync("due_at IS NOT NULL"), Deadline, "deferred");
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await arena.AddBacklogAsync(50_000, key: "'blocked'", body: "repeat('x', 2000)");
        await arena.AddBacklogAsync(500, key: "'free ' || n % 20");

        var deliveries = await tap.ReadUntilAsync(500, Deadline);
        Assert.All(Enumerable.Range(0, 20), key => Assert.Equal(deliveries.FirstArrivals($"free {key}").Order(), deliveries.FirstArrivals($"free {key}")));
        Assert.Equal(50_001, await arena.CountAsync("sent_at IS NULL"));
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 30_000_000, $"Memory has grown by {grown:N0} bytes.");
    }

    [Fact]
    public async Task One_key_with_a_long_backlog_is_drained_in_order_while_other_keys_flow()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.AddBacklogAsync(3_000, key: "'long'");
        await arena.StartRelayAsync(("Outbox:BatchSize", "100"));

        await arena.AddBacklogAsync(100, key: "'other ' || n");

        await Eventually.EqualsAsync(100L, () => arena.CountAsync("sent_at IS NOT NULL AND key LIKE 'other%'"), Deadline, "others flow");
        await arena.AllSentAsync(Deadline);
        Assert.Equal(Enumerable.Range(1, 3_000), (await tap.ReadUntilAsync(3_100, Deadline)).FirstArrivals("long"));
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task When_an_operator_settles_the_row_that_blocks_a_key_the_key_goes_on()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync(("Outbox:RetryFirst", "1h"), ("Outbox:RetryCap", "1h"));
        var blocking = await arena.InsertAsync(", key", ", 'k'", routingKey: "nobody.listens.v1");
        await Eventually.EqualsAsync(1L, () => arena.CountAsync("due_at IS NOT NULL"), Deadline, "deferred");
        await arena.AddNotesAsync(1, 5, _ => "k");

        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET parked_at = now(), due_at = NULL WHERE id = $1", blocking);

        Assert.Equal(Enumerable.Range(1, 5), (await tap.ReadUntilAsync(5, TimeSpan.FromMinutes(2))).FirstArrivals("k"));
    }
}
