using Npgsql;

namespace Outbox.Tests.Marking;

/// <summary>What the relay says before it has counted, and what its owner says of the backlog when it cannot count it.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class BacklogTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    // The next count comes after fifty times as long as the last one took, and the first of a cold server may take a second.
    private static readonly TimeSpan NextCount = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task All_counters_are_there_from_the_start_so_that_the_first_parked_row_shows_as_a_rise()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        using var measured = new Measurements();
        var relay = await arena.StartRelayAsync();
        await relay.OwnsAsync();

        Assert.All(
            (string[])["outbox.sent", "outbox.deferred", "outbox.parked", "outbox.unroutable_accepted"], name => Assert.Equal(0, measured.Of(relay, name)));
    }

    [Fact]
    public async Task A_row_that_was_parked_and_sent_all_the_same_waits_for_nobody()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        using var measured = new Measurements();
        await arena.InsertAsync(", parked_at", ", now()");
        await arena.InsertAsync(", parked_at, sent_at", ", now(), now()");

        var relay = await arena.StartRelayAsync();

        await Eventually.IsTrueAsync(() => measured.Of(relay, "outbox.waiting_parked") is not null, Deadline, "it was counted");
        Assert.Equal(1, measured.Of(relay, "outbox.waiting_parked"));
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task While_the_table_is_locked_nothing_is_said_of_it()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        using var measured = new Measurements();
        var relay = await arena.StartRelayAsync(("Outbox:Lease", "5min"));
        await Eventually.IsTrueAsync(() => measured.Of(relay, "outbox.pending") is not null, Deadline, "it was counted");
        await using var holder = await arena.OpenAsync();
        await using (var transaction = await holder.BeginTransactionAsync())
        {
            await using var hold = new NpgsqlCommand("LOCK TABLE outbox_message", holder);
            await hold.ExecuteNonQueryAsync();
            // What the relay's own bound does after a minute.
            await Eventually.IsTrueAsync(
                () => arena.Arena.ScalarAsync<bool>(
                    """
                    SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name LIKE '%relay tidier' AND wait_event_type = 'Lock'
                    """),
                Deadline, "what waits for the table was ended");

            await Eventually.IsTrueAsync(() => measured.Of(relay, "outbox.pending") is null, Deadline, "nothing is said");
        }

        await Eventually.IsTrueAsync(() => measured.Of(relay, "outbox.pending") is not null, NextCount, "it is counted again");
        Assert.NotNull(await arena.OwnerAsync());
    }

    [Fact]
    public async Task A_count_that_fails_disturbs_nothing_else_and_is_said_by_its_name()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        using var measured = new Measurements();
        // Neither the purge nor a reader that sleeps so long asks for the column that is gone for a while.
        var relay = await arena.StartRelayAsync(("Outbox:PollInterval", "1min"));
        await arena.IsAsleepAsync();
        await Eventually.IsTrueAsync(() => measured.Of(relay, "outbox.pending") is not null, Deadline, "it was counted");
        var tidier = await arena.SessionOfAsync("tidier");

        await arena.Arena.ExecuteAsync("ALTER TABLE outbox_message RENAME parked_at TO parked_when");
        await Eventually.IsTrueAsync(
            () => relay.Log.All.Any(line => line.Contains("backlog of the outbox could not be counted", StringComparison.Ordinal)), NextCount, "it says that it cannot count");
        Assert.Null(measured.Of(relay, "outbox.pending"));
        await arena.Arena.ExecuteAsync("ALTER TABLE outbox_message RENAME parked_when TO parked_at");

        await Eventually.IsTrueAsync(() => measured.Of(relay, "outbox.pending") is not null, NextCount, "it is counted again");
        Assert.Equal(tidier, await arena.SessionOfAsync("tidier"));
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task After_a_count_that_failed_nothing_is_said_until_the_next()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        using var measured = new Measurements();
        var address = new NpgsqlConnectionStringBuilder(arena.Arena.Postgres);
        await using var network = TcpProxy.Start(address.Host!, address.Port);
        (address.Host, address.Port) = ("127.0.0.1", network.Port);
        var relay = await arena.StartRelayAsync(("ConnectionStrings:Postgres", address.ConnectionString));
        await Eventually.IsTrueAsync(() => measured.Of(relay, "outbox.pending") is not null, Deadline, "it was counted");

        network.CutReplyTo("WHERE parked_at IS NOT NULL AND sent_at IS NULL)");

        await Eventually.IsTrueAsync(() => measured.Of(relay, "outbox.pending") is null, NextCount, "nothing is said");
        Assert.Equal(1, network.Cuts);
        await Eventually.IsTrueAsync(() => measured.Of(relay, "outbox.pending") is not null, NextCount, "it is counted again");
    }
}
