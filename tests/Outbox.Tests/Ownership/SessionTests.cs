using Npgsql;
using Outbox.Relay;
using Servers.Native;

namespace Outbox.Tests.Ownership;

/// <summary>What is true of each of the relay's sessions.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SessionTests(ServersFixture servers)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("statement_timeout", "200ms", "0")]
    [InlineData("lock_timeout", "200ms", "0")]
    [InlineData("idle_session_timeout", "1min", "0")]
    [InlineData("transaction_timeout", "200ms", "0")]
    [InlineData("default_transaction_isolation", "serializable", "read committed")]
    [InlineData("jit", "on", "off")]
    [InlineData("plan_cache_mode", "force_custom_plan", "force_generic_plan")]
    [InlineData("enable_seqscan", "on", "off")]
    [InlineData("enable_bitmapscan", "on", "off")]
    [InlineData("enable_hashjoin", "on", "off")]
    [InlineData("enable_mergejoin", "on", "off")]
    [InlineData("max_parallel_workers_per_gather", "4", "0")]
    public async Task It_works_by_its_own_settings_whatever_the_database_sets_for_everybody(string name, string forEverybody, string own)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        if (await arena.Arena.ScalarAsync<long>($"SELECT count(*) FROM pg_settings WHERE name = '{name}'") == 0)
        {
            // This server is too old to have it, and its absence must disturb nothing.
            own = "";
        }
        else
        {
            await arena.Arena.ExecuteAsync($"ALTER DATABASE {arena.Arena.Name} SET {name} = '{forEverybody}'");
        }

        await using var session = await Database.Of(arena).OpenAsync("reader", Bound, CancellationToken.None);

        await using var ask = new NpgsqlCommand($"SELECT coalesce(current_setting('{name}', true), '')", session);
        Assert.Equal(own, await ask.ExecuteScalarAsync());
    }

    [Fact]
    public async Task It_ends_when_the_relay_is_silent_for_a_lease_though_the_connection_string_wants_it_kept_alive()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var session = await Database.Of(arena, ";Keepalive=1").OpenAsync("owner", Bound, CancellationToken.None);

        await OutboxDatabase.LimitAsync(session, TimeSpan.FromSeconds(3), CancellationToken.None);

        await Eventually.EqualsAsync(0, () => arena.SessionOfAsync("owner"), Bound, "the session has ended");
    }

    [Fact]
    public async Task It_does_not_lead_to_a_standby_whoever_opens_it()
    {
        await using var native = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        await using var arena = await OutboxArena.CreateAsync(native.Pair());
        var data = await arena.Arena.ScalarAsync<string>("SELECT current_setting('data_directory')");
        await arena.Arena.ExecuteAsync($"COPY (SELECT WHERE false) TO '{data}/standby.signal'");
        await RestartAsync();
        try
        {
            var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => Database.Of(arena).OpenAsync("reader", Bound, CancellationToken.None));

            Assert.Contains("standby server", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete($"{data}/standby.signal");
            await RestartAsync();
        }

        async Task RestartAsync()
        {
            await native.Postgres.StopAsync();
            await native.Postgres.StartAsync(CancellationToken.None);
        }
    }
}
