using System.Diagnostics;
using Servers;

namespace Outbox.Tests.Ownership;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class StandbyTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    // More reads than it takes to fall asleep.
    private const int AsleepAfter = 20;

    [Fact]
    public async Task When_the_owner_is_killed_a_standby_publishes_within_a_second_and_a_half()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await using var owner = RelayProcess.Start(arena);
        await arena.IsOwnedAsync();
        var standby = await arena.StartRelayAsync();
        await StandsByAsync(standby);
        // What a message takes on this machine without any of it.
        var usual = Stopwatch.StartNew();
        await arena.AddNotesAsync(1, 1);
        await tap.ReadUntilAsync(1, Deadline);
        usual.Stop();

        await owner.KillAsync();
        var killed = Stopwatch.GetTimestamp();
        await arena.AddNotesAsync(2, 1);

        await tap.ReadUntilAsync(2, Deadline);
        var taken = Stopwatch.GetElapsedTime(killed);
        Assert.True(taken < TimeSpan.FromSeconds(1.5) + (5 * usual.Elapsed), $"It took {taken}; a message takes {usual.Elapsed}.");
    }

    [Fact]
    public async Task When_the_owner_freezes_beyond_its_lease_a_standby_takes_over_and_the_thawed_owner_spoils_neither_order_nor_content()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        // Slow enough to be frozen at work, however long this test is kept waiting.
        var broker = new UriBuilder(arena.Arena.RabbitMq);
        await using var network = TcpProxy.Start(broker.Host, broker.Port);
        network.Delay = TimeSpan.FromMilliseconds(20);
        (broker.Host, broker.Port) = ("127.0.0.1", network.Port);
        await using var owner = RelayProcess.Start(arena, ("Outbox__Lease", "3s"), ("ConnectionStrings__RabbitMq", broker.Uri.AbsoluteUri));
        await arena.IsOwnedAsync();
        var standby = await arena.StartRelayAsync(("Outbox:Lease", "3s"));
        await StandsByAsync(standby);
        var frozen = await arena.OwnerAsync();
        await arena.AddBacklogAsync(1_600, key: "'k' || n % 8");
        await Eventually.IsTrueAsync(async () => await arena.CountAsync("sent_at IS NOT NULL") > 200, Deadline, "the owner has begun");

        owner.Send(Signal.Stop);
        var stopped = Stopwatch.GetTimestamp();
        var passed = await arena.CountAsync("sent_at IS NOT NULL");
        Assert.True(passed < 1_500, "The owner was too fast to be frozen at work.");
        await Eventually.IsTrueAsync(async () => await arena.OwnerAsync() is { } now && now != frozen, Deadline, "another owner");
        await Eventually.IsTrueAsync(async () => await arena.CountAsync("sent_at IS NOT NULL") > passed + 100, Deadline, "the standby publishes");
        var taken = Stopwatch.GetElapsedTime(stopped);
        owner.Send(Signal.Continue);

        await arena.AllSentAsync(Deadline);
        Assert.True(taken < Lease + TimeSpan.FromSeconds(10), $"It took {taken}.");
        await owner.LogsAsync("The relay does not own the outbox", Deadline);
        var deliveries = await tap.ReadUntilAsync(1_600, Deadline);
        Assert.All(Enumerable.Range(0, 8), key =>
        {
            var numbers = deliveries.FirstArrivals($"k{key}");
            Assert.Equal(200, numbers.Length);
            Assert.Equal(numbers.Order(), numbers);
        });
    }

    [Fact]
    public Task When_a_stage_of_the_owner_hangs_it_gives_up_its_lease_though_its_heartbeat_lives() => SideBySide.RunAsync(
        new(HangsAsync("relay.before-publish", after: 3, "publish")),
        new(HangsAsync("relay.after-mark", after: 0, "mark")),
        new(HangsAsync("relay.before-read", AsleepAfter, "read")));

    [Fact]
    public async Task A_standby_does_not_hold_back_vacuum()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.StartRelayAsync(("Outbox:Lease", "5min"));
        await arena.IsOwnedAsync();
        await arena.StartRelayAsync(("Outbox:Lease", "5min"));
        await SessionsAsync(arena, 2);
        await arena.Arena.ExecuteAsync("CREATE TABLE busy (n int); INSERT INTO busy SELECT generate_series(1, 10000); DELETE FROM busy");

        // A short statement that happens to run may hold it back for a moment.
        await Eventually.IsTrueAsync(
            async () =>
            {
                await arena.Arena.ExecuteAsync("VACUUM busy");
                return await arena.Arena.ScalarAsync<long>("SELECT pg_relation_size('busy')") == 0;
            },
            TimeSpan.FromSeconds(10), "all dead rows are gone");
    }

    [Fact]
    public async Task When_the_owner_loses_its_session_it_hands_over_and_nothing_is_lost_or_out_of_order()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync(("Outbox:Lease", "3s"));
        await arena.StartRelayAsync(("Outbox:Lease", "3s"));
        await arena.IsOwnedAsync();
        await arena.AddBacklogAsync(3_000, key: "'k' || n % 4");

        for (var round = 1; round <= 3; round++)
        {
            var seen = round * 500;
            await Eventually.IsTrueAsync(async () => await arena.CountAsync("sent_at IS NOT NULL") >= seen, Deadline, $"{seen} sent");
            await arena.Arena.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%relay owner'");
        }

        await arena.AllSentAsync(Deadline);
        var deliveries = await tap.ReadUntilAsync(3_000, Deadline);
        Assert.All(Enumerable.Range(0, 4), key => Assert.Equal(deliveries.FirstArrivals($"k{key}").Order(), deliveries.FirstArrivals($"k{key}")));
    }

    [Fact]
    public async Task A_relay_that_lost_the_lock_unknowingly_reads_no_more_past_what_the_new_owner_has_deferred()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await arena.AddNotesAsync(1, 1, _ => "other");
        Assert.True(await reader.ReadAsync());

        await reader.LoseOwnershipAsync(arena);
        await arena.InsertAsync(", key, due_at", ", 'k', now() + interval '1 hour'");
        await arena.AddNotesAsync(2, 1, _ => "k");

        await Assert.ThrowsAsync<InvalidOperationException>(reader.ReadAsync);
        Assert.DoesNotContain(reader.TakeAll(), row => row.Key == "k");
    }

    private async Task HangsAsync(string failpoint, int after, string stage)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await using var owner = RelayProcess.Start(
            arena, ("Outbox__Lease", "3s"), ("Outbox__PollInterval", "50ms"), ("FAILPOINT", failpoint), ("FAILPOINT_AFTER", $"{after}"), ("FAILPOINT_HANGS", "true"));
        await owner.LogsAsync("This relay owns the outbox", Deadline);
        await arena.StartRelayAsync(("Outbox:Lease", "3s"));

        await arena.AddNotesAsync(1, 10);
        await owner.LogsAsync($"{stage} stage has not moved", Deadline);

        await arena.AddNotesAsync(11, 10);
        await tap.ReadUntilAsync(20, Deadline);
        await arena.AllSentAsync(Deadline);
    }

    private static Task StandsByAsync(RelayUnderTest relay) => Eventually.IsTrueAsync(
        async () => (await relay.HealthAsync()).Description == "Stands by.", Deadline, "the relay stands by");

    private static Task SessionsAsync(OutboxArena arena, long count) => Eventually.EqualsAsync(
        count,
        () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%relay owner'"),
        Deadline, "sessions that hold or try the lock");
}
