using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Outbox.Tests.ShuttingDown;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ShutdownTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_shutdown_while_a_thousand_are_in_flight_ends_within_its_bound_and_marks_nothing_that_was_not_confirmed()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var broker = new UriBuilder(arena.Arena.RabbitMq);
        await using var network = TcpProxy.Start(broker.Host, broker.Port);
        (broker.Host, broker.Port) = ("127.0.0.1", network.Port);
        // One that found no relay asleep: it keeps the reader awake, which has room to read on.
        await using var producer = await arena.OpenAsync();
        await using var open = await producer.BeginTransactionAsync();
        await producer.AddNoteAsync(arena, 0, null);
        var relay = await arena.StartRelayAsync(
            ("ConnectionStrings:RabbitMq", broker.Uri.AbsoluteUri), ("Outbox:ConfirmTimeout", "1min"), ("Outbox:InFlight", "1000"), ("Outbox:BatchSize", "5000"),
            ("Outbox:Lease", "3s"));
        await arena.AddNotesAsync(1, 1);
        await arena.AllSentAsync(Deadline);
        var owner = await arena.OwnerAsync();
        network.HoldsReplies = true;
        await arena.AddBacklogAsync(1_000);
        await Eventually.IsTrueAsync(async () => (await tap.ReadAsync()).Count == 1_001, Deadline, "a thousand are in flight");

        var began = Stopwatch.GetTimestamp();
        var stopped = relay.StopAsync();
        while (Stopwatch.GetElapsedTime(began) < Relay.RelayTerm.ShutdownBound - TimeSpan.FromSeconds(1))
        {
            // It keeps its lease for as long as it waits.
            Assert.Equal(owner, await arena.OwnerAsync());
        }

        await stopped;
        Assert.True(Stopwatch.GetElapsedTime(began) < Relay.RelayTerm.ShutdownBound + TimeSpan.FromSeconds(6), $"It took {Stopwatch.GetElapsedTime(began)}.");
        Assert.Equal(1, await arena.CountAsync("sent_at IS NOT NULL"));
        Assert.Equal(0, await arena.CountAsync("attempts > 0"));
        await arena.IsUnownedAsync();
    }

    [Fact]
    public async Task A_shutdown_that_waits_for_confirms_ends_at_once_when_their_connection_breaks()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var broker = new UriBuilder(arena.Arena.RabbitMq);
        await using var network = TcpProxy.Start(broker.Host, broker.Port);
        (broker.Host, broker.Port) = ("127.0.0.1", network.Port);
        var relay = await arena.StartRelayAsync(("ConnectionStrings:RabbitMq", broker.Uri.AbsoluteUri), ("Outbox:ConfirmTimeout", "1min"));
        await arena.AddNotesAsync(1, 1);
        await arena.AllSentAsync(Deadline);
        network.HoldsReplies = true;
        await arena.AddNotesAsync(2, 100);
        await Eventually.IsTrueAsync(async () => (await tap.ReadAsync()).Count == 101, Deadline, "a hundred are in flight");

        var began = Stopwatch.GetTimestamp();
        var stopped = relay.Services.GetServices<IHostedService>().OfType<Relay.OutboxRelay>().Single().StopAsync(CancellationToken.None);
        network.Reset();
        await stopped;

        Assert.True(Stopwatch.GetElapsedTime(began) < Relay.RelayTerm.ShutdownBound / 2, $"It took {Stopwatch.GetElapsedTime(began)}.");
        Assert.Equal(1, await arena.CountAsync("sent_at IS NOT NULL"));
        Assert.Equal(0, await arena.CountAsync("attempts > 0"));
        await arena.IsUnownedAsync();
    }

    [Fact]
    public async Task A_shutdown_under_load_marks_everything_that_was_published_and_hands_over_without_a_repeat()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.AddBacklogAsync(8_000, key: "CASE WHEN n % 2 = 0 THEN 'k' || n % 10 END");
        var relay = await arena.StartRelayAsync();
        await Eventually.IsTrueAsync(async () => await arena.CountAsync("sent_at IS NOT NULL") > 500, Deadline, "the relay is at work");

        await relay.StopAsync();

        Assert.Equal(await arena.CountAsync("sent_at IS NOT NULL"), (await tap.ReadAsync()).Count);
        await arena.IsUnownedAsync();
        await arena.StartRelayAsync();
        await arena.AllSentAsync(Deadline);
        Assert.Equal(8_000, (await tap.ReadUntilAsync(8_000, Deadline)).Count);
    }

    [Fact]
    public async Task A_shutdown_while_the_database_is_silent_is_no_failure()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var database = new NpgsqlConnectionStringBuilder(arena.Arena.Postgres);
        await using var network = TcpProxy.Start(database.Host!, database.Port);
        (database.Host, database.Port) = ("127.0.0.1", network.Port);
        (database.SslMode, database.GssEncryptionMode) = (SslMode.Disable, GssEncryptionMode.Disable);
        network.HoldsRequests = true;
        await using var relay = await RelayUnderTest.StartAsync(arena, ("ConnectionStrings:Postgres", database.ConnectionString));
        await Eventually.IsTrueAsync(() => network.Connections > 0, Deadline, "the relay waits for the database's answer");

        await relay.StopAsync();

        Assert.DoesNotContain(relay.Log.All, line => line.Contains("BackgroundService failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_relay_may_be_started_and_stopped_at_any_moment()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var random = new Random(3);
        for (var round = 0; round < 12; round++)
        {
            await arena.AddBacklogAsync(100, key: "'k' || n % 5");
            await using var relay = await RelayUnderTest.StartAsync(arena);
            await Task.Delay(random.Next(0, 250));
        }

        await arena.IsUnownedAsync();
        await arena.StartRelayAsync();
        await arena.AllSentAsync(Deadline);
        Assert.Equal(1_200, (await tap.ReadUntilAsync(1_200, Deadline)).Count);
    }
}
