using Npgsql;
using Servers;

namespace Outbox.Tests.Ownership;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class PgBouncerTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [PgBouncerFact]
    public Task Behind_a_pooler_in_transaction_mode_the_relay_refuses_to_start_and_says_why() => RefusesAsync("transaction");

    [PgBouncerFact]
    public Task So_it_does_in_session_mode() => RefusesAsync("session");

    private async Task RefusesAsync(string mode)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var pooler = await PgBouncer.StartAsync(arena.Arena.Postgres, mode);
        await using var relay = RelayProcess.Start(arena, ("ConnectionStrings__Postgres", pooler.ConnectionString));

        await relay.ExitsAsync(Deadline);

        Assert.Equal(1, relay.ExitCode);
        Assert.Contains("leads through a connection pooler", relay.Log, StringComparison.Ordinal);
    }
}
