using Npgsql;
using Servers;

namespace Outbox.Tests.Ownership;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class PgBouncerTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [PgBouncerFact]
    public async Task Behind_a_pooler_in_transaction_mode_the_relay_refuses_to_start_and_says_why()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var pooler = await PgBouncer.StartAsync(arena.Arena.Postgres, "transaction");
        await using var relay = RelayProcess.Start(arena, ("ConnectionStrings__Postgres", pooler.ConnectionString));

        await relay.ExitsAsync(Deadline);

        Assert.Equal(1, relay.ExitCode);
        Assert.Contains("connection pooler in transaction or statement mode", relay.Log, StringComparison.Ordinal);
    }
}
