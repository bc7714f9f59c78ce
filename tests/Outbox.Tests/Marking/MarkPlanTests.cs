using Npgsql;
using Outbox.Relay;

namespace Outbox.Tests.Marking;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class MarkPlanTests(ServersFixture servers)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_mark_goes_by_ids_though_its_plan_was_made_while_the_table_was_small()
    {
        const int Rows = 100_000;
        const int Small = 20;
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync("ALTER TABLE outbox_message SET (autovacuum_enabled = false)");
        await arena.AddBacklogAsync(Small);
        await arena.Arena.ExecuteAsync("ANALYZE outbox_message");
        var database = Database.Of(arena);
        await using var owner = (await OwnerLock.OpenAsync(database, Lease, CancellationToken.None))!;
        await using var connection = await database.OpenAsync("marker", Lease, CancellationToken.None);
        var marker = new Marker(connection, owner, new OutboxOptions());
        var ids = await arena.Arena.ScalarAsync<Guid[]>("SELECT array_agg(message_id ORDER BY id) FROM outbox_message");
        for (var id = 1; id <= Small; id++)
        {
            Assert.Equal(1, await marker.MarkAsync([new ConfirmedRow(id, ids![id - 1])], CancellationToken.None));
        }

        await arena.AddBacklogAsync(Rows);
        var added = await arena.Arena.ScalarAsync<Guid[]>($"SELECT array_agg(message_id ORDER BY id) FROM outbox_message WHERE id BETWEEN {Small + 1} AND {Small + 1_000}");
        var before = await WalkedAsync();
        Assert.Equal(1_000, await marker.MarkAsync([.. added!.Select((message, at) => new ConfirmedRow(Small + 1 + at, message))], CancellationToken.None));

        Assert.InRange(await WalkedAsync() - before, 1_000, 5_000);

        async Task<long> WalkedAsync()
        {
            await using var flush = new NpgsqlCommand("SELECT pg_stat_force_next_flush()", connection);
            await flush.ExecuteNonQueryAsync();
            return await arena.Arena.ScalarAsync<long>(
                "SELECT (seq_tup_read + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes AS i WHERE i.relid = t.relid))::bigint FROM pg_stat_user_tables AS t WHERE relname = 'outbox_message'");
        }
    }
}
