using Servers;

namespace Outbox.Tests.Ownership;

/// <summary>Another table takes the place of the one that relays own and stand by for, as a restore does it.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ReplacedTableTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task One_relay_owns_the_new_table_and_none_the_one_before()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var first = await arena.StartRelayAsync(("Outbox:Lease", "3s"));
        await first.OwnsAsync();
        var standby = await arena.StartRelayAsync(("Outbox:Lease", "3s"));
        await Eventually.IsTrueAsync(async () => (await standby.HealthAsync()).Description == "Stands by.", Deadline, "the other stands by");

        await arena.Arena.ExecuteAsync(
            """
            CREATE TABLE fresh (LIKE outbox_message INCLUDING ALL);
            DROP TABLE outbox_message;
            ALTER TABLE fresh RENAME TO outbox_message
            """);
        await arena.StartRelayAsync(("Outbox:Lease", "3s"));

        await Eventually.EqualsAsync(1L, () => OwnersAsync("="), Deadline, "one owns the new table");
        await Eventually.EqualsAsync(0L, () => OwnersAsync("<>"), Deadline, "nobody owns another");
        await arena.AddNotesAsync(1, 10);
        await arena.AllSentAsync(Deadline);
        Assert.Equal(10, (await tap.ReadUntilAsync(10, Deadline)).Count);

        Task<long> OwnersAsync(string comparison) => arena.Arena.ScalarAsync<long>(
            $"""
            SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = {OutboxSql.OwnerLock} AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND objid {comparison} 'outbox_message'::regclass
            """);
    }
}
