using System.Net;
using System.Net.Sockets;
using Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Outbox.Tests.Reconnecting;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class AbsentServersTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Without_a_broker_the_relay_starts_is_not_ready_and_publishes_once_there_is_one()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var (uri, network) = BrokerBehind(arena, refusing: true);
        await using var _ = network;
        var relay = await arena.StartRelayAsync(("ConnectionStrings:RabbitMq", uri));
        await arena.IsOwnedAsync();
        await arena.AddNotesAsync(1, 10, _ => "k");
        await Eventually.IsTrueAsync(async () => (await relay.HealthAsync()).Status == HealthStatus.Unhealthy, Deadline, "not ready");

        network.Accept();

        await tap.ReadUntilAsync(10, Deadline);
        await relay.OwnsAsync();
        Assert.Equal(0, await arena.CountAsync("attempts > 0"));
    }

    [Fact]
    public async Task A_broker_that_refuses_the_login_is_not_taken_for_one_that_is_away()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var uri = new UriBuilder(arena.Arena.RabbitMq) { Password = "wrong" }.Uri.AbsoluteUri;

        var relay = await arena.StartRelayAsync(("ConnectionStrings:RabbitMq", uri));

        await Eventually.IsTrueAsync(
            async () => (await relay.HealthAsync()).Description?.Contains("ACCESS_REFUSED", StringComparison.Ordinal) == true, Deadline, "it says why");
    }

    [Fact]
    public async Task A_broker_that_accepts_and_says_nothing_is_tried_again_until_it_speaks()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var (uri, network) = BrokerBehind(arena);
        await using var _ = network;
        network.HoldsReplies = true;
        var relay = await arena.StartRelayAsync(services => services.AddSingleton(ImpatientConnector), ("ConnectionStrings:RabbitMq", uri));
        await arena.AddNotesAsync(1, 10, _ => "k");

        await Eventually.IsTrueAsync(() => network.Connections >= 3, Deadline, "it tries again");
        await Eventually.IsTrueAsync(
            async () => (await relay.HealthAsync()).Description?.Contains("does not answer", StringComparison.Ordinal) == true, Deadline, "it says why");
        network.HoldsReplies = false;

        await tap.ReadUntilAsync(10, Deadline);
        await relay.OwnsAsync();
        Assert.Equal(0, await arena.CountAsync("attempts > 0"));
    }

    [Fact]
    public async Task In_its_next_term_a_broker_that_is_silent_by_then_is_not_told_of_as_healthy()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var (uri, network) = BrokerBehind(arena);
        await using var _ = network;
        var relay = await arena.StartRelayAsync(("ConnectionStrings:RabbitMq", uri));
        await relay.OwnsAsync();

        network.HoldsReplies = true;
        await arena.Arena.ExecuteAsync("SELECT pg_terminate_backend($1, 10000)", await arena.SessionOfAsync("owner"));
        await Eventually.IsTrueAsync(
            () => relay.Log.All.Count(line => line.Contains("This relay owns the outbox", StringComparison.Ordinal)) == 2, Deadline, "it owns it again");

        Assert.Equal(HealthStatus.Degraded, (await relay.HealthAsync()).Status);
        network.HoldsReplies = false;
        await relay.OwnsAsync();
    }

    [Fact]
    public async Task Without_a_broker_a_few_keys_with_a_long_backlog_are_not_read_again_and_again()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.AddBacklogAsync(8_000, key: "'hot ' || n % 8");
        var (uri, network) = BrokerBehind(arena, refusing: true);
        await using var _ = network;
        await arena.StartRelayAsync(("ConnectionStrings:RabbitMq", uri), ("Outbox:PollInterval", "1m"));

        await Eventually.EqualsAsync(
            1L,
            () => arena.Arena.ScalarAsync<long>(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE '%relay reader' AND state_change < clock_timestamp() - interval '2 s'
                """),
            Deadline, "the reader is silent");

        await arena.AddNotesAsync(1, 1, _ => "another");
        network.Accept();
        await Eventually.EqualsAsync(1L, () => arena.CountAsync("key = 'another' AND sent_at IS NOT NULL"), Deadline, "what is new is sent");
        await arena.AllSentAsync(Deadline);
    }

    [Fact]
    public async Task A_reader_that_was_woken_and_waits_for_room_longer_than_it_may_sleep_keeps_its_session()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var (uri, network) = BrokerBehind(arena);
        await using var _ = network;
        var relay = await arena.StartRelayAsync(
            ("ConnectionStrings:RabbitMq", uri), ("Outbox:Lease", "3s"), ("Outbox:PollInterval", "50ms"), ("Outbox:BatchSize", "100"));
        await relay.OwnsAsync();
        await arena.IsAsleepAsync();
        var reader = await arena.SessionOfAsync("reader");

        network.Refuse();
        await arena.AddBacklogAsync(3_000);
        // Asleep, the server would have ended it after 3.05 s.
        await Eventually.EqualsAsync(
            1L,
            () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state_change < clock_timestamp() - interval '4 s'", reader),
            Deadline, "the reader has waited");
        network.Accept();

        await arena.AllSentAsync(Deadline);
        await tap.ReadUntilAsync(3_000, Deadline);
        Assert.Equal(reader, await arena.SessionOfAsync("reader"));
        Assert.DoesNotContain(relay.Log.All, line => line.Contains("does not own the outbox", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("amqp")]
    [InlineData("amqps")]
    public async Task A_connection_that_is_not_answered_is_given_up_in_time_and_closed(string scheme)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var connector = Connector.To($"{scheme}://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}", patience: TimeSpan.FromSeconds(1));

        var connecting = connector.ConnectAsync("test", CancellationToken.None);

        using var accepted = await silent.AcceptSocketAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => connecting.WaitAsync(Deadline));
        Assert.True(await IsClosedAsync(accepted).WaitAsync(Deadline));
    }

    [Fact]
    public async Task Without_a_database_the_relay_starts_is_not_ready_and_publishes_once_there_is_one()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.AddNotesAsync(1, 10);
        var (address, network) = DatabaseBehind(arena, refusing: true);
        await using var _ = network;
        var relay = await arena.StartRelayAsync(("ConnectionStrings:Postgres", address));
        Assert.Equal(HealthStatus.Unhealthy, (await relay.HealthAsync()).Status);

        network.Accept();

        await tap.ReadUntilAsync(10, Deadline);
        await relay.OwnsAsync();
    }

    [Fact]
    public async Task When_the_broker_goes_away_rows_wait_uncharged_and_the_relay_says_degraded()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var (uri, network) = BrokerBehind(arena);
        await using var _ = network;
        var relay = await arena.StartRelayAsync(("ConnectionStrings:RabbitMq", uri));
        await relay.OwnsAsync();

        network.Refuse();
        await arena.AddNotesAsync(1, 3_000, number => number % 2 == 0 ? $"k{number % 10}" : null);

        await Eventually.IsTrueAsync(async () => (await relay.HealthAsync()).Status == HealthStatus.Degraded, Deadline, "degraded");
        Assert.Equal(3_000, await arena.CountAsync("sent_at IS NULL AND attempts = 0"));
        network.Accept();
        await tap.ReadUntilAsync(3_000, Deadline);
        await arena.AllSentAsync(Deadline);
        Assert.Equal(0, await arena.CountAsync("attempts > 0"));
        await relay.OwnsAsync();
    }

    [Fact]
    public async Task When_connections_are_reset_again_and_again_nothing_is_lost_or_out_of_order()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var (uri, network) = BrokerBehind(arena);
        await using var _ = network;
        await arena.StartRelayAsync(("ConnectionStrings:RabbitMq", uri));
        await arena.AddBacklogAsync(6_000, key: "CASE WHEN n % 2 = 0 THEN 'k' || n % 8 END");

        for (var round = 1; round <= 5; round++)
        {
            var seen = round * 500;
            await Eventually.IsTrueAsync(async () => await arena.CountAsync("sent_at IS NOT NULL") >= seen, Deadline, $"{seen} sent");
            network.Reset();
        }

        await arena.AllSentAsync(Deadline);
        var deliveries = await tap.ReadUntilAsync(6_000, Deadline);
        Assert.All(Enumerable.Range(0, 4), key => Assert.Equal(deliveries.FirstArrivals($"k{2 * key}").Order(), deliveries.FirstArrivals($"k{2 * key}")));
        Assert.Equal(0, await arena.CountAsync("attempts > 0"));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_black_hole_before_the_broker_ends_by_the_confirm_timeout_and_heals_by_itself(bool requests, bool replies)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var (uri, network) = BrokerBehind(arena);
        await using var _ = network;
        var relay = await arena.StartRelayAsync(("ConnectionStrings:RabbitMq", uri), ("Outbox:ConfirmTimeout", "1s"), ("Outbox:Lease", "3s"));
        await arena.AddNotesAsync(1, 1);
        await arena.AllSentAsync(Deadline);

        (network.HoldsRequests, network.HoldsReplies) = (requests, replies);
        await arena.AddNotesAsync(2, 100, number => $"k{number % 3}");
        await Eventually.IsTrueAsync(async () => (await relay.HealthAsync()).Status == HealthStatus.Degraded, Deadline, "degraded");
        (network.HoldsRequests, network.HoldsReplies) = (false, false);

        await tap.ReadUntilAsync(101, Deadline);
        await arena.AllSentAsync(Deadline);
        // The client's own heartbeats would have ended the connection too, a long while later.
        Assert.Contains(relay.Log.All, line => line.Contains("No confirm came within", StringComparison.Ordinal));
        Assert.Equal(0, await arena.CountAsync("attempts > 0"));
        Assert.NotNull(await arena.OwnerAsync());
    }

    [Fact]
    public async Task A_broker_that_takes_connections_and_confirms_nothing_is_never_told_of_as_healthy()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var (uri, network) = BrokerBehind(arena);
        await using var _ = network;
        var relay = await arena.StartRelayAsync(("ConnectionStrings:RabbitMq", uri), ("Outbox:ConfirmTimeout", "1s"));
        await relay.OwnsAsync();

        network.HoldsRepliesAfter = NoteTaken.MessageType;
        await arena.AddNotesAsync(1, 10);
        await Eventually.IsTrueAsync(() => Unconfirmed() == 1, Deadline, "no confirm came");
        var said = new HashSet<HealthStatus>();
        await Eventually.IsTrueAsync(
            async () =>
            {
                said.Add((await relay.HealthAsync()).Status);
                return Unconfirmed() >= 4;
            },
            Deadline, "nor did one on other connections");

        Assert.Equal([HealthStatus.Degraded], said);
        network.HoldsRepliesAfter = null;
        await relay.OwnsAsync();
        await tap.ReadUntilAsync(10, Deadline);
        await arena.AllSentAsync(Deadline);

        int Unconfirmed() => relay.Log.All.Count(line => line.Contains("lost its broker connection and opens another: No confirm came", StringComparison.Ordinal));
    }

    [Fact]
    public Task A_black_hole_before_the_database_costs_the_owner_its_lease_and_a_standby_goes_on() => SideBySide.RunAsync(
        new(LosesLeaseAsync(requests: true, replies: false)),
        new(LosesLeaseAsync(requests: false, replies: true)));

    [Fact]
    public async Task An_owner_whom_the_database_no_longer_answers_has_stopped_publishing_when_the_next_one_begins()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var (address, database) = DatabaseBehind(arena);
        await using var _ = database;
        var (uri, broker) = BrokerBehind(arena);
        await using var __ = broker;
        var owner = await arena.StartRelayAsync(
            ("ConnectionStrings:Postgres", address), ("ConnectionStrings:RabbitMq", uri), ("Outbox:Lease", "6s"));
        await owner.OwnsAsync();
        await arena.StartRelayAsync(("Outbox:Lease", "6s"));
        // One at a time, and slowly: it has plenty left of what it has read when its time is over.
        broker.Delay = TimeSpan.FromMilliseconds(30);
        await arena.AddNotesAsync(1, 250, _ => "k");
        await Eventually.IsTrueAsync(async () => await arena.CountAsync("sent_at IS NOT NULL") > 0, Deadline, "it publishes");

        (database.HoldsRequests, database.HoldsReplies) = (true, true);
        await arena.AllSentAsync(Deadline);
        (database.HoldsRequests, database.HoldsReplies) = (false, false);
        await Eventually.IsTrueAsync(async () => (await owner.HealthAsync()).Description == "Stands by.", Deadline, "it stands by");

        // Both publish in the order of the numbers. Had they done so side by side, there would be more steps back than the one.
        var arrived = (await tap.ReadAsync()).Select(OutboxArenaQuestions.Number).ToList();
        Assert.Single(arrived.Zip(arrived.Skip(1)), pair => pair.Second <= pair.First);
    }

    [Fact]
    public async Task An_exchange_that_was_deleted_while_the_relay_was_idle_is_declared_again()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var relay = await arena.StartRelayAsync(("Outbox:RetryFirst", "200ms"), ("Outbox:MaxAttempts", "1000"), ("Outbox:RetryCap", "1s"));
        await relay.OwnsAsync();
        await using (var channel = await (await arena.Arena.ConnectAsync()).CreateChannelAsync())
        {
            await channel.ExchangeDeleteAsync(arena.Exchange);
        }

        await arena.AddNotesAsync(1, 10, _ => "k");

        // Its bindings went with it: until somebody is bound again, the messages are unroutable.
        await Eventually.IsTrueAsync(async () => await arena.CountAsync("last_error LIKE '%NO_ROUTE%'") == 1, Deadline, "declared again");
        await using var tap = await arena.OpenTapAsync();
        Assert.Equal(Enumerable.Range(1, 10), (await tap.ReadUntilAsync(10, Deadline)).FirstArrivals("k"));
        await arena.AllSentAsync(Deadline);
    }

    [Fact]
    public async Task Permissions_that_are_revoked_and_granted_again_charge_nothing()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var (uri, network) = BrokerBehind(arena);
        await using var _ = network;
        var relay = await arena.StartRelayAsync(("ConnectionStrings:RabbitMq", uri));
        await relay.OwnsAsync();
        var user = new Uri(arena.Arena.RabbitMq).UserInfo.Split(':')[0];
        await arena.Arena.Management.SetPermissionsAsync(user, configure: ".*", write: "^tap", read: ".*");
        network.Reset();

        await arena.AddNotesAsync(1, 20, number => $"k{number % 3}");
        await Eventually.IsTrueAsync(
            async () => await relay.HealthAsync() is { Status: HealthStatus.Degraded, Description: { } said } && said.Contains("403", StringComparison.Ordinal),
            Deadline, "it says that access is refused");
        Assert.Equal(20, await arena.CountAsync("sent_at IS NULL AND attempts = 0"));
        await arena.Arena.Management.SetPermissionsAsync(user, ".*", ".*", ".*");

        await tap.ReadUntilAsync(20, Deadline);
        await arena.AllSentAsync(Deadline);
        Assert.Equal(0, await arena.CountAsync("attempts > 0"));
    }

    private static BrokerConnector ImpatientConnector(IServiceProvider services) =>
        new(services.GetRequiredService<IConfiguration>(), services.GetRequiredService<IHostEnvironment>())
        {
            Patience = TimeSpan.FromSeconds(1),
        };

    /// <summary>Reads to the end; never returns while the peer keeps its end open.</summary>
    private static async Task<bool> IsClosedAsync(Socket socket)
    {
        var buffer = new byte[1024];
        try
        {
            while (await socket.ReceiveAsync(buffer) > 0)
            {
            }
        }
        catch (SocketException)
        {
        }

        return true;
    }

    private static (string Uri, TcpProxy Network) BrokerBehind(OutboxArena arena, bool refusing = false)
    {
        var broker = new UriBuilder(arena.Arena.RabbitMq);
        var network = TcpProxy.Start(broker.Host, broker.Port, refusing);
        (broker.Host, broker.Port) = ("127.0.0.1", network.Port);
        return (broker.Uri.AbsoluteUri, network);
    }

    private static (string Address, TcpProxy Network) DatabaseBehind(OutboxArena arena, bool refusing = false)
    {
        var database = new NpgsqlConnectionStringBuilder(arena.Arena.Postgres);
        var network = TcpProxy.Start(database.Host!, database.Port, refusing);
        (database.Host, database.Port) = ("127.0.0.1", network.Port);
        return (database.ConnectionString, network);
    }

    private async Task LosesLeaseAsync(bool requests, bool replies)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var (address, network) = DatabaseBehind(arena);
        await using var _ = network;
        var owner = await arena.StartRelayAsync(("ConnectionStrings:Postgres", address), ("Outbox:Lease", "3s"));
        await owner.OwnsAsync();
        await arena.StartRelayAsync(("Outbox:Lease", "3s"));

        (network.HoldsRequests, network.HoldsReplies) = (requests, replies);
        await arena.AddNotesAsync(1, 10, _ => "k");

        Assert.Equal(Enumerable.Range(1, 10), (await tap.ReadUntilAsync(10, Deadline)).FirstArrivals("k"));
        await Eventually.IsTrueAsync(async () => (await owner.HealthAsync()).Status == HealthStatus.Unhealthy, Deadline, "the cut off relay is unhealthy");
        (network.HoldsRequests, network.HoldsReplies) = (false, false);
        await Eventually.IsTrueAsync(async () => (await owner.HealthAsync()).Description == "Stands by.", Deadline, "it stands by");
    }
}
