namespace Outbox.Tests.Reading;

/// <summary>A sleeping relay learns from the table when the next deferred row comes back, whoever has deferred it.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class DueTimeTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(25);

    [Fact]
    public async Task A_row_that_an_earlier_owner_has_deferred_comes_back_at_its_time()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.InsertAsync(", due_at, attempts, last_error", ", now() + interval '5 s', 1, 'refused'");

        await arena.StartRelayAsync(("Outbox:PollInterval", "1min"));

        await tap.ReadUntilAsync(1, Deadline);
    }

    [Fact]
    public async Task So_do_rows_that_another_writer_has_put_off_while_it_sleeps_however_far_away_others_are()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.InsertAsync(", due_at", ", 'infinity'");
        await arena.StartRelayAsync(("Outbox:PollInterval", "1min"));
        await arena.IsAsleepAsync();

        await arena.InsertAsync(", due_at, key", ", now() + interval '2 s', 'k'");
        await arena.InsertAsync(", due_at, key", ", now() + interval '4 s', 'k'");

        await tap.ReadUntilAsync(2, Deadline);
        Assert.Equal(1, await arena.CountAsync("due_at = 'infinity' AND sent_at IS NULL"));
    }
}
