using Servers;

namespace Outbox.Tests.WakingUp;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ListenerTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_relay_whose_listening_session_was_ended_listens_again()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync(("Outbox:PollInterval", "1min"));
        await arena.IsAsleepAsync();
        var first = await ListenerAsync(arena);

        await arena.Arena.ExecuteAsync("SELECT pg_terminate_backend($1)", first);

        await Eventually.IsTrueAsync(async () => await ListenerAsync(arena) is var now && now != 0 && now != first, Deadline, "another session listens");
        await arena.IsAsleepAsync();
        await arena.AddNotesAsync(1, 1);
        await tap.ReadUntilAsync(1, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task However_many_notifications_come_the_listening_session_is_kept()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync(("Outbox:PollInterval", "1min"), ("Outbox:Lease", "3s"));
        await arena.IsAsleepAsync();
        var first = await ListenerAsync(arena);

        // Two leases long, each note before the next beat is due.
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        for (var number = 1; number <= 12 && await pace.WaitForNextTickAsync(); number++)
        {
            await arena.AddNotesAsync(number, 1);
        }

        await tap.ReadUntilAsync(12, Deadline);
        Assert.Equal(first, await ListenerAsync(arena));
    }

    [Fact]
    public async Task The_sessions_of_a_process_that_froze_asleep_are_ended_by_the_server()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var relay = RelayProcess.Start(arena, ("Outbox__Lease", "3s"));
        await arena.IsAsleepAsync();
        Assert.NotEqual(0, await ListenerAsync(arena));
        Assert.NotEqual(0, await arena.SessionOfAsync("reader"));

        relay.Send(Signal.Stop);

        // That of the reader has the lock by which producers know that it sleeps.
        await Eventually.IsTrueAsync(
            async () => await ListenerAsync(arena) == 0 && await arena.SessionOfAsync("reader") == 0, TimeSpan.FromSeconds(10), "neither listens nor sleeps any more");
        relay.Send(Signal.Continue);
    }

    /// <summary>The process id of the session that listens; 0 while there is none.</summary>
    private static Task<int> ListenerAsync(OutboxArena arena) => arena.SessionOfAsync("listener");
}
