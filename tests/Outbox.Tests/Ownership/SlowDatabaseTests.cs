using Npgsql;

namespace Outbox.Tests.Ownership;

/// <summary>A database that can be owned, though not in the usual way or time.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SlowDatabaseTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_lease_outlasts_connections_that_take_longer_than_it_to_be_made()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var address = new NpgsqlConnectionStringBuilder(arena.Arena.Postgres);
        await using var network = TestSupport.TcpProxy.Start(address.Host!, address.Port);
        network.ConnectDelay = TimeSpan.FromSeconds(2);
        (address.Host, address.Port) = ("127.0.0.1", network.Port);
        await arena.AddNotesAsync(1, 10);

        var relay = await arena.StartRelayAsync(("ConnectionStrings:Postgres", address.ConnectionString), ("Outbox:Lease", "3s"));

        await arena.AllSentAsync(Deadline);
        Assert.Single(relay.Log.All, line => line.Contains("owns the outbox", StringComparison.Ordinal));
        Assert.Equal(10, (await tap.ReadUntilAsync(10, Deadline)).Count);
    }

    [Fact]
    public async Task Bounds_that_the_database_sets_for_everybody_do_not_end_what_the_relay_does()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync(
            $"""
            CREATE FUNCTION take_long() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                PERFORM pg_sleep(0.5);
                RETURN NEW;
            END
            $body$;
            CREATE TRIGGER take_long BEFORE UPDATE ON outbox_message FOR EACH ROW EXECUTE FUNCTION take_long();
            ALTER DATABASE {arena.Arena.Name} SET statement_timeout = '200ms';
            ALTER DATABASE {arena.Arena.Name} SET idle_session_timeout = '200ms';
            """);
        await arena.StartRelayAsync(("ConnectionStrings:Postgres", arena.Arena.Postgres + ";Multiplexing=true"));
        await using var tap = await arena.OpenTapAsync();

        await arena.AddNotesAsync(1, 3);

        await arena.AllSentAsync(Deadline);
    }
}
