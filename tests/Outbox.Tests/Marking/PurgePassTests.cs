using Outbox.Relay;

namespace Outbox.Tests.Marking;

/// <summary>Rows that were parked for long and then released stand, sent lately, among those that may go.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class PurgePassTests(ServersFixture servers)
{
    [Theory]
    [InlineData("CASE WHEN id <= 2500 THEN now() ELSE now() - interval '8 days' END")]
    [InlineData("CASE WHEN id = 1 THEN now() WHEN id > 2500 THEN now() - interval '8 days' END")]
    public async Task Thousands_of_old_rows_that_stay_do_not_hold_up_those_behind_them(string sentAt)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(6_000);
        await arena.Arena.ExecuteAsync($"UPDATE outbox_message SET created_at = now() - interval '8 days', sent_at = {sentAt}");
        await using var connection = await arena.OpenAsync();
        var tidier = new Tidier(connection, TimeSpan.FromDays(7));

        await PurgeAsync(tidier);
        Assert.Equal(2_500, await arena.CountAsync("true"));

        // Those that are old by now go with the next pass, and what was passed with one from the start.
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = now() - interval '8 days'");
        await PurgeAsync(tidier);
        tidier.PurgeFromStart();
        await PurgeAsync(tidier);
        Assert.Equal(0, await arena.CountAsync("true"));
    }

    [Fact]
    public async Task What_is_too_young_to_have_been_sent_long_ago_is_not_walked()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddBacklogAsync(10_000);
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = now()");
        await using var connection = await arena.OpenAsync();

        Assert.Equal(1, await PurgeAsync(new Tidier(connection, TimeSpan.FromDays(7))));
        Assert.Equal(10_000, await arena.CountAsync("true"));
    }

    /// <summary>One pass; the number of its batches.</summary>
    private static async Task<int> PurgeAsync(Tidier tidier)
    {
        var batches = 1;
        while (await tidier.PurgeAsync(CancellationToken.None))
        {
            batches++;
        }

        return batches;
    }
}
