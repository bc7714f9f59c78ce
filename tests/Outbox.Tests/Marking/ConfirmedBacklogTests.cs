using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Outbox.Relay;

namespace Outbox.Tests.Marking;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ConfirmedBacklogTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>The next term may begin while the stage of the last one still waits for its statement.</summary>
    [Fact]
    public async Task What_is_confirmed_is_known_to_the_next_term_while_its_mark_is_under_way()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.AddBacklogAsync(50);
        await using var locker = await arena.OpenAsync();
        MarkBacklog backlog;
        await using (await locker.BeginTransactionAsync())
        {
            await using var hold = new NpgsqlCommand("LOCK TABLE outbox_message IN SHARE MODE", locker);
            await hold.ExecuteNonQueryAsync();
            // So long a lease that no statement is given up meanwhile.
            var relay = await arena.StartRelayAsync(("Outbox:Lease", "5min"));
            backlog = relay.Services.GetRequiredService<MarkBacklog>();

            await tap.ReadUntilAsync(50, Deadline);

            await Eventually.EqualsAsync(50, () => Task.FromResult(backlog.Count), Deadline, "confirmed rows in the backlog");
            Assert.Equal(50, await arena.CountAsync("sent_at IS NULL"));
        }

        await arena.AllSentAsync(Deadline);
        await Eventually.EqualsAsync(0, () => Task.FromResult(backlog.Count), Deadline, "confirmed rows in the backlog");
    }
}
