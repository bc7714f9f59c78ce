using Npgsql;
using Outbox.Relay;

namespace Outbox.Tests.Marking;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class MarkPlanTests(ServersFixture servers)
{
    private const int Rows = 100_000;
    private const int Marked = 1_000;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_mark_goes_by_ids_though_its_plan_was_made_while_the_table_was_small()
    {
        const int small = 20;
        await using var arena = await CreateAsync();
        await arena.AddBacklogAsync(small);
        await arena.Arena.ExecuteAsync("ANALYZE outbox_message");
        await using var owner = await OwnAsync(arena);
        await using var connection = await Database.Of(arena).OpenAsync("marker", Lease, CancellationToken.None);
        var marker = new Marker(connection, owner, new OutboxOptions());
        foreach (var row in await RowsAsync(arena, small))
        {
            Assert.Equal(1, await marker.MarkAsync([row], CancellationToken.None));
        }

        await arena.AddBacklogAsync(Rows);
        var confirmed = await RowsAsync(arena, Marked);
        var before = await WalkedAsync(arena, connection);
        Assert.Equal(Marked, await marker.MarkAsync(confirmed, CancellationToken.None));

        Assert.InRange(await WalkedAsync(arena, connection) - before, Marked, 5 * Marked);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(0)]
    public async Task A_mark_goes_by_ids_though_the_table_was_empty_when_it_was_analyzed(int daysKept)
    {
        await using var arena = await CreateAnalyzedEmptyAsync();
        await using var owner = await OwnAsync(arena);
        await using var connection = await Database.Of(arena).OpenAsync("marker", Lease, CancellationToken.None);
        var marker = new Marker(connection, owner, new OutboxOptions { Retention = TimeSpan.FromDays(daysKept) });

        var confirmed = await RowsAsync(arena, Marked);
        var before = await WalkedAsync(arena, connection);
        Assert.Equal(Marked, await marker.MarkAsync(confirmed, CancellationToken.None));

        Assert.InRange(await WalkedAsync(arena, connection) - before, Marked, 5 * Marked);
    }

    [Fact]
    public async Task So_does_a_charge()
    {
        await using var arena = await CreateAnalyzedEmptyAsync();
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await reader.ReadAsync();
        var refused = new List<(OutboxRow, Refusal)>();
        while (refused.Count < 100 && reader.Lookahead.TryTake(out var row))
        {
            refused.Add((row, new Refusal("no", MaxAttempts: 10)));
        }

        await using var owner = await OwnAsync(arena);
        Assert.True(await owner.TryTakeAsync(CancellationToken.None));
        await using var connection = await Database.Of(arena).OpenAsync("marker", Lease, CancellationToken.None);

        var before = await WalkedAsync(arena, connection);
        Assert.Equal(100, (await new Marker(connection, owner, new OutboxOptions()).ChargeAsync(refused, CancellationToken.None)).Count);

        Assert.InRange(await WalkedAsync(arena, connection) - before, 100, 500);
    }

    private async Task<OutboxArena> CreateAsync()
    {
        var arena = await OutboxArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync("ALTER TABLE outbox_message SET (autovacuum_enabled = false)");
        return arena;
    }

    /// <summary>With rows again, of which the statistics know nothing.</summary>
    private async Task<OutboxArena> CreateAnalyzedEmptyAsync()
    {
        var arena = await CreateAsync();
        await arena.AddBacklogAsync(Rows);
        await arena.Arena.ExecuteAsync("DELETE FROM outbox_message");
        await arena.Arena.ExecuteAsync("ANALYZE outbox_message");
        await arena.AddBacklogAsync(Rows);
        return arena;
    }

    private static Task<OwnerLock> OwnAsync(OutboxArena arena) => OwnerLock.OpenAsync(Database.Of(arena), Lease, CancellationToken.None);

    private static async Task<List<ConfirmedRow>> RowsAsync(OutboxArena arena, int count)
    {
        await using var connection = await arena.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT id, message_id FROM outbox_message WHERE sent_at IS NULL ORDER BY id LIMIT {count}", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<ConfirmedRow>();
        while (await reader.ReadAsync())
        {
            rows.Add(new ConfirmedRow(reader.GetInt64(0), reader.GetGuid(1)));
        }

        return rows;
    }

    private static async Task<long> WalkedAsync(OutboxArena arena, NpgsqlConnection connection)
    {
        await using var flush = new NpgsqlCommand("SELECT pg_stat_force_next_flush()", connection);
        await flush.ExecuteNonQueryAsync();
        return await arena.Arena.ScalarAsync<long>(
            "SELECT (seq_tup_read + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes AS i WHERE i.relid = t.relid))::bigint FROM pg_stat_user_tables AS t WHERE relname = 'outbox_message'");
    }
}
