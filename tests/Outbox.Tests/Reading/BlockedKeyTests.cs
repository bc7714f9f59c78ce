using Outbox.Relay;

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
        await arena.AddBacklogAsync(1_500, key: "'long'");
        await arena.AddBacklogAsync(100, key: "'other ' || n");

        await arena.StartRelayAsync(("Outbox:BatchSize", "100"));

        await arena.AllSentAsync(Deadline);
        var deliveries = await tap.ReadUntilAsync(1_600, Deadline);
        Assert.Equal(Enumerable.Range(1, 1_500), deliveries.FirstArrivals("long"));
        var keys = deliveries.Select(delivery => delivery.Key).ToList();
        Assert.InRange(keys.FindLastIndex(key => key != "long"), 0, 1_000 + 100);
    }

    [Fact]
    public async Task Released_rows_behind_one_that_is_deferred_again_fill_no_page_and_follow_it_in_order()
    {
        const int Rows = 2_500;
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(Rows, key: "'k' || n % 100");
        await arena.Arena.ExecuteAsync(
            "UPDATE outbox_message SET due_at = now() + CASE WHEN id IN (SELECT min(id) FROM outbox_message GROUP BY key) THEN interval '1 hour' ELSE interval '0' END");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await ReadAllAsync();

        await arena.AddBacklogAsync(10);
        await ReadAllAsync();
        var taken = reader.TakeAll().ToList();
        Assert.Equal(10, taken.Count(row => row.Key is null));
        Assert.Equal(10, taken.Count);

        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET due_at = now() WHERE due_at > now()");
        taken.Clear();
        for (var reads = 0; reads < 200 && taken.Count < Rows; reads++)
        {
            await reader.ReadAsync();
            taken.AddRange(reader.TakeAll());
        }

        Assert.Equal(Rows, taken.Count);
        Assert.All(taken.GroupBy(row => row.Key), key => Assert.Equal(key.Select(row => row.Id).Order(), key.Select(row => row.Id)));

        async Task ReadAllAsync()
        {
            for (var reads = 0; await reader.ReadAsync(); reads++)
            {
                Assert.InRange(reads, 0, 20);
            }
        }
    }

    [Fact]
    public async Task A_look_everywhere_finds_the_key_free_whose_deferred_row_an_operator_has_settled()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(6, key: "'k'");
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET due_at = now() + interval '1 hour' WHERE id = 1");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await reader.ReadAsync();
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET parked_at = now(), due_at = NULL WHERE id = 1");
        await reader.ReadAsync();
        Assert.Empty(reader.TakeAll());

        reader.Clock.Shift += TimeSpan.FromSeconds(61);
        var taken = new List<OutboxRow>();
        for (var reads = 0; reads < 10; reads++)
        {
            await reader.ReadAsync();
            taken.AddRange(reader.TakeAll());
        }

        Assert.Equal([2, 3, 4, 5, 6], taken.Select(row => row.Id));
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
