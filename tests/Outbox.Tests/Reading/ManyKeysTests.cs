using Outbox.Relay;

namespace Outbox.Tests.Reading;

/// <summary>What one operator's statement or one long outage leaves behind: very many keys that come back together, or very many rows behind one.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ManyKeysTests(ServersFixture servers)
{
    private static readonly TimeSpan UntilTheLookEverywhere = TimeSpan.FromSeconds(61);

    [Fact]
    public async Task Released_rows_of_thousands_of_keys_go_out_in_order_whatever_the_order_of_the_keys()
    {
        const int Keys = 3_000;
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(Keys, key: "'k' || n");
        await arena.AddBacklogAsync(Keys, key: $"'k' || ({Keys + 1} - n)");
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET due_at = '2026-01-01'");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);

        var taken = await MarkAsync(arena, reader, reads: 200, until: taken => taken.Count == 2 * Keys);

        Assert.Equal(2 * Keys, taken.Count);
        Assert.All(taken.GroupBy(row => row.Key), key => Assert.Equal(key.Select(row => row.Id).Order(), key.Select(row => row.Id)));
    }

    [Fact]
    public async Task Thousands_of_keys_that_are_looked_at_again_go_out_too()
    {
        const int Keys = 3_000;
        await using var arena = await OutboxArena.CreateAsync(servers);
        await AddHeldBackAsync(arena, Keys, behind: $"'k' || ({Keys + 1} - n)");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        Assert.Empty(await MarkAsync(arena, reader, reads: 20, until: _ => false));

        reader.Clock.Shift += UntilTheLookEverywhere;
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET due_at = '2026-01-01' WHERE due_at > now()");
        var taken = await MarkAsync(arena, reader, reads: 200, until: taken => taken.Count == 2 * Keys);

        Assert.Equal(2 * Keys, taken.Count);
        Assert.All(taken.GroupBy(row => row.Key), key => Assert.Equal(key.Select(row => row.Id).Order(), key.Select(row => row.Id)));
    }

    [Fact]
    public async Task A_look_everywhere_past_what_waits_behind_a_key_that_is_held_back_does_not_hold_up_what_is_new()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(20_000, key: "'blocked'");
        await arena.Arena.ExecuteAsync(
            "UPDATE outbox_message SET due_at = now() + interval '1 hour' WHERE id = (SELECT min(id) FROM outbox_message)");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        Assert.Empty(await MarkAsync(arena, reader, reads: 40, until: _ => false));

        reader.Clock.Shift += UntilTheLookEverywhere;
        await arena.AddBacklogAsync(10);
        Assert.Equal(10, (await MarkAsync(arena, reader, reads: 2, until: _ => false)).Count);
    }

    [Fact]
    public async Task A_look_everywhere_at_thousands_of_keys_that_are_held_back_does_not_hold_up_what_is_new()
    {
        const int Keys = 3_000;
        await using var arena = await OutboxArena.CreateAsync(servers);
        await AddHeldBackAsync(arena, Keys, behind: "'k' || n");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        Assert.Empty(await MarkAsync(arena, reader, reads: 20, until: _ => false));

        reader.Clock.Shift += UntilTheLookEverywhere;
        await arena.AddBacklogAsync(10);
        Assert.Equal(10, (await MarkAsync(arena, reader, reads: 2, until: _ => false)).Count);
    }

    [Theory]
    [InlineData("NULL")]
    [InlineData("'k' || n % 1500")]
    public async Task Thousands_of_rows_that_are_due_together_do_not_hold_up_what_is_new(string key)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(3_000, key);
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET due_at = '2026-01-01'");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);

        // The first read learns of them.
        await MarkAsync(arena, reader, reads: 1, until: _ => false);
        await arena.AddBacklogAsync(10, key: "'new ' || n");
        var taken = await MarkAsync(arena, reader, reads: 1, until: _ => false);

        Assert.Equal(10, taken.Count(IsNew));
    }

    [Fact]
    public async Task Rows_that_are_due_and_gone_before_they_are_read_do_not_hold_up_those_behind_them()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(1_000);
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET due_at = '2026-01-01'");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await reader.ReadAsync();
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET parked_at = now() WHERE id <= 500");

        var taken = 0;
        while (await reader.ReadAsync())
        {
            taken += reader.TakeAll().Count();
        }

        Assert.Equal(500, taken);
    }

    [Fact]
    public async Task A_look_everywhere_what_is_due_and_keys_that_are_looked_at_again_leave_room_together_for_what_is_new()
    {
        const int Keys = 3_000;
        await using var arena = await OutboxArena.CreateAsync(servers);
        await AddHeldBackAsync(arena, Keys, behind: "'k' || n");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await MarkAsync(arena, reader, reads: 20, until: _ => false);
        await arena.Arena.ExecuteAsync(
            "INSERT INTO outbox_message (exchange, routing_key, type, body, due_at) SELECT 'e', 'r', 't', '', '2026-01-01' FROM generate_series(1, 3000)");
        await MarkAsync(arena, reader, reads: 1, until: _ => false);

        reader.Clock.Shift += UntilTheLookEverywhere;
        await arena.AddBacklogAsync(10, key: "'new ' || n");
        var taken = await MarkAsync(arena, reader, reads: 2, until: _ => false);

        Assert.Equal(10, taken.Count(IsNew));
    }

    [Fact]
    public async Task Keys_that_come_back_with_nothing_behind_them_do_not_keep_others_from_being_read_on()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(64, key: "'idle ' || n");
        await arena.AddBacklogAsync(2, key: "'hot'");
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET due_at = '2026-01-01' WHERE id <= 65");
        await arena.AddBacklogAsync(20_000);
        await using var reader = await ReaderUnderTest.OpenAsync(arena);

        var taken = await MarkAsync(arena, reader, reads: 6, until: _ => false);

        Assert.Equal(2, taken.Count(row => row.Key == "hot"));
        Assert.InRange(taken.Count, 1_000, 10_000);
    }

    [Theory]
    [InlineData(8, 0)]
    [InlineData(40, 0)]
    [InlineData(8, 50_000)]
    public async Task A_few_keys_with_a_long_backlog_hold_nobody_up_and_keep_their_pace(int keys, int bodyBytes)
    {
        const int Each = 600;
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync(
            $"""
            INSERT INTO outbox_message (exchange, routing_key, type, key, body)
            SELECT 'e', 'r', 't', 'hot' || n % {keys}, decode(repeat('00', {bodyBytes}), 'hex') FROM generate_series(1, {keys * Each}) AS n
            """);
        await arena.AddBacklogAsync(10);
        await using var reader = await ReaderUnderTest.OpenAsync(arena);

        // One confirm of each key in a round, and a read if there is room.
        var all = new List<OutboxRow>();
        var onTheirWay = new List<OutboxRow>();
        var roundOfOthers = 0;
        var rounds = 0;
        for (; all.Count < (keys * Each) + 10 && rounds < 3 * Each; rounds++)
        {
            var ids = onTheirWay.Select(row => row.Id).ToArray();
            onTheirWay.ForEach(reader.Lookahead.Confirmed);
            await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = now() WHERE id = ANY ($1)", ids);
            reader.Lookahead.Marked(ids);
            if (reader.Lookahead.HasRoom())
            {
                await reader.ReadAsync();
            }

            onTheirWay.Clear();
            while (reader.Lookahead.TryTake(out var row))
            {
                onTheirWay.Add(row);
            }

            all.AddRange(onTheirWay);
            roundOfOthers = roundOfOthers == 0 && all.Count(row => row.Key is null) == 10 ? rounds : roundOfOthers;
        }

        Assert.Equal((keys * Each) + 10, all.Count);
        Assert.All(all.GroupBy(row => row.Key), key => Assert.Equal(key.Select(row => row.Id).Order(), key.Select(row => row.Id)));
        Assert.InRange(roundOfOthers, 0, 60);
        Assert.InRange(rounds, Each, Each + (Each / 4));
    }

    [Fact]
    public async Task What_is_due_behind_others_of_its_key_costs_no_read_more_than_a_page()
    {
        const int Rows = 100_000;
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(Rows, key: "'k' || n % 2");
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET due_at = '2026-01-01'");
        await arena.Arena.ExecuteAsync("VACUUM outbox_message");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await MarkAsync(arena, reader, reads: 10, until: _ => false);

        var before = await FetchedAsync();
        const int Reads = 20;
        await MarkAsync(arena, reader, Reads, until: _ => false);

        Assert.InRange((await FetchedAsync() - before) / Reads, 100, 5_000);

        async Task<long> FetchedAsync()
        {
            await reader.TellStatisticsAsync();
            return await arena.Arena.ScalarAsync<long>("SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE relname = 'outbox_message'");
        }
    }

    /// <summary>Keys with one row each that is due in an hour, and one behind it, its key by <paramref name="behind"/> of n.</summary>
    private static async Task AddHeldBackAsync(OutboxArena arena, int keys, string behind)
    {
        await arena.AddBacklogAsync(keys, key: "'k' || n");
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET due_at = now() + interval '1 hour'");
        await arena.AddBacklogAsync(keys, key: behind);
    }

    private static bool IsNew(OutboxRow row) => row.Key?.StartsWith("new", StringComparison.Ordinal) == true;

    private static async Task<List<OutboxRow>> MarkAsync(
        OutboxArena arena, ReaderUnderTest reader, int reads, Func<List<OutboxRow>, bool> until)
    {
        var all = new List<OutboxRow>();
        for (; reads > 0 && !until(all); reads--)
        {
            await reader.ReadAsync();
            var taken = reader.TakeAll().ToList();
            all.AddRange(taken);
            var ids = taken.Select(row => row.Id).ToArray();
            await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = now() WHERE id = ANY ($1)", ids);
            reader.Lookahead.Marked(ids);
        }

        return all;
    }
}
