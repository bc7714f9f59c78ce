namespace Outbox.Tests.Marking;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class RetentionTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    // The next count comes after fifty times as long as the last one took, and the first of a cold server may take a second.
    private static readonly TimeSpan NextCount = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Rows_sent_long_enough_ago_are_purged_in_batches_and_no_others()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(9_000);
        await arena.Arena.ExecuteAsync(
            """
            UPDATE outbox_message SET sent_at = now() - interval '8 days' WHERE id <= 8000;
            UPDATE outbox_message SET sent_at = NULL, parked_at = now() - interval '30 days' WHERE id IN (5, 4000);
            UPDATE outbox_message SET sent_at = now() - interval '6 days' WHERE id > 8000;
            CREATE TABLE purge (rows bigint);
            CREATE FUNCTION note_purge() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                INSERT INTO purge SELECT count(*) FROM gone;
                RETURN NULL;
            END
            $body$;
            CREATE TRIGGER note_purge AFTER DELETE ON outbox_message REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_purge();
            """);

        await arena.StartRelayAsync(("Outbox:Retention", "7d"));

        await Eventually.EqualsAsync(1_002L, () => arena.CountAsync("true"), Deadline, "rows left");
        Assert.Equal(2, await arena.CountAsync("parked_at IS NOT NULL"));
        Assert.Equal(1_000, await arena.CountAsync("id > 8000"));
        Assert.Equal(2_000, await arena.Arena.ScalarAsync<long>("SELECT max(rows) FROM purge"));
    }

    [Fact]
    public async Task A_row_that_was_sent_late_does_not_hold_up_those_behind_it()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(9_000);
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = CASE WHEN id = 1 THEN now() ELSE now() - interval '8 days' END");
        await using var connection = await arena.OpenAsync();
        var tidier = new Relay.Tidier(connection, TimeSpan.FromDays(7));

        while (await tidier.PurgeAsync(CancellationToken.None))
        {
        }

        Assert.Equal(1, await arena.CountAsync("true"));
    }

    [Fact]
    public async Task A_row_that_waited_when_it_was_passed_is_purged_by_a_pass_from_the_start()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(2_000);
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = now() - interval '8 days' WHERE id <> 1");
        await using var connection = await arena.OpenAsync();
        var tidier = new Relay.Tidier(connection, TimeSpan.FromDays(7));
        while (await tidier.PurgeAsync(CancellationToken.None))
        {
        }

        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = now() - interval '8 days'");
        await tidier.PurgeAsync(CancellationToken.None);
        Assert.Equal(1, await arena.CountAsync("id = 1"));
        tidier.PurgeFromStart();
        await tidier.PurgeAsync(CancellationToken.None);

        Assert.Equal(0, await arena.CountAsync("true"));
    }

    [Fact]
    public async Task A_row_that_an_operator_has_sent_once_more_while_it_was_to_be_purged_is_kept()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.InsertAsync();
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = now() - interval '8 days'");
        await using var session = await arena.OpenAsync();
        await using var connection = await arena.OpenAsync();
        await using var transaction = await session.BeginTransactionAsync();
        await using var again = new Npgsql.NpgsqlCommand("UPDATE outbox_message SET sent_at = NULL", session);
        await again.ExecuteNonQueryAsync();

        var purge = new Relay.Tidier(connection, TimeSpan.FromDays(7)).PurgeAsync(CancellationToken.None);
        await Eventually.EqualsAsync(
            1L, () => arena.Arena.ScalarAsync<long>($"SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = {connection.ProcessID}"), Deadline, "purges that wait");
        await transaction.CommitAsync();
        await purge;

        Assert.Equal(1, await arena.CountAsync("sent_at IS NULL"));
    }

    [Theory]
    [InlineData("infinity")]
    [InlineData("-infinity")]
    public async Task A_row_without_an_age_does_not_keep_the_backlog_from_being_counted(string createdAt)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(2);
        await arena.Arena.ExecuteAsync($"UPDATE outbox_message SET created_at = '{createdAt}' WHERE id = 1; UPDATE outbox_message SET due_at = now(), created_at = '{createdAt}' WHERE id = 2");
        await using var connection = await arena.OpenAsync();

        var backlog = await new Relay.Tidier(connection, TimeSpan.FromDays(7)).CountAsync(CancellationToken.None);

        Assert.Equal((1, 1), (backlog.Pending, backlog.Deferred));
    }

    [Fact]
    public async Task With_a_retention_of_zero_a_row_is_deleted_on_its_confirm()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync(("Outbox:Retention", "0"), ("Outbox:MaxAttempts", "1"));

        await arena.AddNotesAsync(1, 100, number => $"k{number % 3}");
        await arena.InsertAsync(routingKey: "nobody.listens.v1");

        Assert.Equal(100, (await tap.ReadUntilAsync(100, Deadline)).Count);
        await Eventually.EqualsAsync(0L, () => arena.CountAsync("parked_at IS NULL"), Deadline, "rows left that are not parked");
        Assert.Equal(1, await arena.CountAsync("true"));
    }

    [Fact]
    public async Task The_backlog_is_measured_by_its_owner()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        using var measured = new Measurements();
        await arena.InsertAsync(", parked_at", ", now()");
        await arena.InsertAsync(", due_at, created_at", ", now() + interval '1 hour', now() - interval '10 min'");
        await arena.AddNotesAsync(1, 3);

        var relay = await arena.StartRelayAsync();
        await relay.OwnsAsync();
        var standby = await arena.StartRelayAsync();

        await tap.ReadUntilAsync(3, Deadline);
        await Eventually.IsTrueAsync(() => measured.Of(relay, "outbox.pending") == 1, NextCount, "the deferred row alone is pending");
        Assert.Equal(3, measured.Of(relay, "outbox.sent"));
        Assert.Equal(1, measured.Of(relay, "outbox.waiting_deferred"));
        Assert.Equal(1, measured.Of(relay, "outbox.waiting_parked"));
        Assert.InRange((double)measured.Of(relay, "outbox.oldest_age")!, 600, 660);
        Assert.Equal(1, measured.Of(relay, "outbox.owner"));
        Assert.Equal(0, measured.Of(standby, "outbox.owner"));
        Assert.Null(measured.Of(standby, "outbox.pending"));
    }
}
