using Npgsql;

namespace Outbox.Tests.Reading;

/// <summary>What was deferred and sent since the oldest snapshot began stays in the index of what is due.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class DeadEntriesTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Rows_that_were_sent_after_they_were_deferred_are_not_walked_by_each_read()
    {
        const int Rows = 100_000;
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(Rows);
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET due_at = '2026-01-01'");
        await using var holder = await arena.OpenAsync();
        await using var transaction = await holder.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using var snapshot = new NpgsqlCommand("SELECT count(*) FROM note", holder);
        await snapshot.ExecuteScalarAsync();
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = now()");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        for (var read = 0; read < 10; read++)
        {
            await reader.ReadAsync();
        }

        var before = await WalkedAsync();
        for (var read = 0; read < 20; read++)
        {
            await reader.ReadAsync();
        }

        // Once from the beginning, if the machine is slow.
        Assert.InRange(await WalkedAsync() - before, 0, 1.5 * Rows);

        var due = await arena.InsertAsync(", due_at", ", now() + interval '200 ms'");
        await Eventually.IsTrueAsync(
            async () =>
            {
                await reader.ReadAsync();
                return reader.TakeAll().Any(row => row.Id == due);
            },
            Deadline, "what becomes due meanwhile is found");

        async Task<long> WalkedAsync()
        {
            await reader.TellStatisticsAsync();
            return await arena.Arena.ScalarAsync<long>("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'outbox_message_due'");
        }
    }
}
