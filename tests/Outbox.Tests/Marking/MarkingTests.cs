using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Outbox.Tests.Marking;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class MarkingTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_mark_that_fails_is_repeated_and_nothing_is_published_twice_over_it()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.AddBacklogAsync(3_000);
        var relay = await arena.StartRelayAsync();

        for (var round = 1; round <= 3; round++)
        {
            var seen = round * 300;
            await Eventually.IsTrueAsync(async () => await arena.CountAsync("sent_at IS NOT NULL") >= seen, Deadline, $"{seen} marked");
            await arena.Arena.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%relay marker'");
            // One message more, so that there is a mark to fail even when the backlog is through.
            await arena.AddBacklogAsync(1);
        }

        await arena.AllSentAsync(Deadline);
        Assert.Equal(3_003, (await tap.ReadUntilAsync(3_003, Deadline)).Count);
        Assert.Contains(relay.Log.All, line => line.Contains("Marking failed and is repeated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_database_that_refuses_marks_shows_in_the_health_and_holds_back_what_comes_after()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var relay = await arena.StartRelayAsync();
        await relay.OwnsAsync();
        await arena.Arena.ExecuteAsync(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN RAISE EXCEPTION 'no marks today'; END $body$;
            CREATE TRIGGER refuse BEFORE UPDATE ON outbox_message FOR EACH ROW EXECUTE FUNCTION refuse();
            """);

        await arena.AddNotesAsync(1, 1);
        await Eventually.IsTrueAsync(
            async () => await relay.HealthAsync() is { Status: HealthStatus.Degraded, Description: { } why } && why.Contains("no marks today", StringComparison.Ordinal),
            Deadline, "the relay says that it cannot mark");
        var failed = Failures();
        await arena.AddNotesAsync(2, 500);
        await Eventually.IsTrueAsync(() => Failures() >= failed + 3, Deadline, "marks go on failing");
        Assert.Equal([1], (await tap.ReadAsync()).Select(delivery => delivery.Number()));
        await arena.Arena.ExecuteAsync("DROP TRIGGER refuse ON outbox_message");

        await arena.AllSentAsync(Deadline);
        await relay.OwnsAsync();
        Assert.Equal(Enumerable.Range(1, 501), (await tap.ReadUntilAsync(501, Deadline)).Select(delivery => delivery.Number()).Order());

        int Failures() => relay.Log.All.Count(line => line.Contains("Marking failed and is repeated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Marks_that_wait_for_a_lock_longer_than_the_lease_cost_no_ownership_and_no_repeat()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var relay = await arena.StartRelayAsync(("Outbox:Lease", "3s"));
        await relay.OwnsAsync();
        await using var gate = await arena.OpenAsync();
        await using (await ShutGateAsync(arena, gate))
        {
            await arena.AddNotesAsync(1, 50);
            await Eventually.IsTrueAsync(
                () => relay.Log.All.Count(line => line.Contains("Marking failed and is repeated", StringComparison.Ordinal)) >= 4, Deadline, "marks have failed");
        }

        await arena.AllSentAsync(Deadline);
        Assert.DoesNotContain(relay.Log.All, line => line.Contains("does not own the outbox", StringComparison.Ordinal));
        await arena.AddNotesAsync(51, 1);
        Assert.Equal(51, (await tap.ReadUntilAsync(51, Deadline)).Count);
    }

    [Theory]
    [InlineData(false, "7d")]
    [InlineData(true, "7d")]
    [InlineData(true, "0")]
    public async Task Confirmed_rows_that_cannot_be_marked_are_marked_before_anything_is_published_again_and_no_others_under_their_ids(
        bool restored, string retention)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var address = new Npgsql.NpgsqlConnectionStringBuilder(arena.Arena.Postgres);
        await using var network = TcpProxy.Start(address.Host!, address.Port);
        (address.Host, address.Port) = ("127.0.0.1", network.Port);
        await arena.StartRelayAsync(("ConnectionStrings:Postgres", address.ConnectionString), ("Outbox:Retention", retention));
        await arena.IsOwnedAsync();
        await using var gate = await arena.OpenAsync();
        await using (await ShutGateAsync(arena, gate))
        {
            await arena.AddNotesAsync(1, 50);
            await Eventually.EqualsAsync(
                1L,
                () => arena.Arena.ScalarAsync<long>(
                    """
                    SELECT count(*) FROM pg_locks
                    WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    """),
                Deadline, "marks that wait at the gate");
            // Of these the marker has not heard yet.
            await arena.AddNotesAsync(51, 50);
            await tap.ReadUntilAsync(100, Deadline);

            // All sessions of the relay end: another term of ownership begins.
            network.Refuse();
            await arena.Arena.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%relay%'");
            await Eventually.EqualsAsync(
                0L,
                () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%relay%'"),
                Deadline, "sessions of the relay");
            Assert.Equal(100, await arena.CountAsync("sent_at IS NULL"));
        }

        if (restored)
        {
            // As after a fail-over to a server that had none of these commits: the next ones are given their ids.
            var first = await arena.Arena.ScalarAsync<long>("SELECT min(id) FROM outbox_message");
            await arena.Arena.ExecuteAsync($"DELETE FROM outbox_message; ALTER TABLE outbox_message ALTER COLUMN id RESTART WITH {first}");
            await arena.AddNotesAsync(101, 99);
        }

        network.Accept();

        await arena.AllSentAsync(Deadline);
        var expected = restored ? 200 : 101;
        await arena.AddNotesAsync(expected, 1);
        Assert.Equal(Enumerable.Range(1, expected), (await tap.ReadUntilAsync(expected, Deadline)).Select(delivery => delivery.Number()).Order());
    }

    /// <summary>Holds back every mark, and nothing else, until what it returns is disposed of.</summary>
    private static async Task<IAsyncDisposable> ShutGateAsync(OutboxArena arena, Npgsql.NpgsqlConnection gate)
    {
        await arena.Arena.ExecuteAsync(
            """
            CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                PERFORM pg_advisory_xact_lock(4711);
                RETURN coalesce(NEW, OLD);
            END
            $body$;
            CREATE TRIGGER wait_at_gate BEFORE UPDATE OR DELETE ON outbox_message FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
            """);
        var transaction = await gate.BeginTransactionAsync();
        await using var shut = new Npgsql.NpgsqlCommand("SELECT pg_advisory_xact_lock(4711)", gate);
        await shut.ExecuteNonQueryAsync();
        return transaction;
    }
}
