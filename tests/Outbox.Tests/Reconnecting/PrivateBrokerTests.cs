using System.Diagnostics;
using System.Net.NetworkInformation;
using Messaging;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using Servers;
using Servers.Native;

namespace Outbox.Tests.Reconnecting;

/// <summary>Servers that a test may stop, kill and starve.</summary>
public sealed class PrivateServersFixture : IAsyncLifetime
{
    public NativeServers Native { get; private set; } = null!;

    public Task<OutboxArena> NewArenaAsync() => OutboxArena.CreateAsync(Native.Pair());

    // A message of more than 100 KiB closes its channel here.
    public async Task InitializeAsync() =>
        Native = await NativeServers.StartAsync(new NativeOptions { RabbitMqSettings = ["max_message_size = 102400"] }, CancellationToken.None);

    public Task DisposeAsync() => Native.DisposeAsync().AsTask();
}

[Trait("Needs", "servers")]
public sealed class PrivateBrokerTests(PrivateServersFixture servers) : IClassFixture<PrivateServersFixture>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("disk", true)]
    [InlineData("disk", false)]
    [InlineData("memory", false)]
    public async Task While_the_broker_has_an_alarm_the_relay_pauses_says_degraded_and_charges_nothing(string kind, bool beforeStart)
    {
        await using var arena = await servers.NewArenaAsync();
        await using var tap = await arena.OpenTapAsync();
        var broker = new UriBuilder(arena.Arena.RabbitMq);
        await using var network = TcpProxy.Start(broker.Host, broker.Port);
        (broker.Host, broker.Port) = ("127.0.0.1", network.Port);
        RelayUnderTest relay;
        if (beforeStart)
        {
            await AlarmAsync(kind, true);
            relay = await StartRelayAsync();
            await arena.AddNotesAsync(1, 1);
        }
        else
        {
            relay = await StartRelayAsync();
            await relay.OwnsAsync();
            await AlarmAsync(kind, true);
            await arena.AddNotesAsync(1, 1);
        }

        await Eventually.IsTrueAsync(
            async () => await relay.HealthAsync() is { Status: HealthStatus.Degraded, Description: { } said } && said.Contains("alarm", StringComparison.Ordinal),
            Deadline, "it says that it is paused");
        var before = network.RequestBytes;
        await arena.AddNotesAsync(2, 99, number => number % 4 == 0 ? null : $"k{number % 3}");
        await arena.ReadsOnAsync();
        Assert.InRange(network.RequestBytes - before, 0, 1_000);
        Assert.Equal(100, await arena.CountAsync("sent_at IS NULL AND attempts = 0"));
        await AlarmAsync(kind, false);

        Assert.Equal(100, (await tap.ReadUntilAsync(100, Deadline)).Count);
        await arena.AllSentAsync(Deadline);
        await relay.OwnsAsync();
        Assert.Equal(0, await arena.CountAsync("attempts > 0"));
        Assert.DoesNotContain(relay.Log.All, line => line.Contains("No confirm came", StringComparison.Ordinal));

        Task<RelayUnderTest> StartRelayAsync() => arena.StartRelayAsync(
            ("ConnectionStrings:RabbitMq", broker.Uri.AbsoluteUri), ("Outbox:ConfirmTimeout", "1s"), ("Outbox:PollInterval", "200ms"));
    }

    [Fact]
    public async Task The_bound_of_a_confirm_begins_anew_when_an_alarm_is_over()
    {
        var bound = TimeSpan.FromSeconds(10);
        await using var arena = await servers.NewArenaAsync();
        var clock = new FakeTimeProvider();
        await AlarmAsync("disk", true);
        await using var publisher = await ConfirmedPublisher.OpenAsync(
            await Connector.To(arena.Arena.RabbitMq).ConnectAsync("test", CancellationToken.None), channels: 1, bound, clock, CancellationToken.None);
        // It looks at the time once more after the alarm's end and before the confirm.
        publisher.BlockedChanged += () => clock.Advance(publisher.IsBlocked ? TimeSpan.Zero : bound / 2);
        var outcome = publisher.PublishAsync("", "nobody", new BasicProperties(), new byte[1]);
        await Eventually.IsTrueAsync(() => publisher.IsBlocked, Deadline, "the broker has asked to pause");
        clock.Advance(2 * bound);

        await AlarmAsync("disk", false);

        Assert.True((await outcome.WaitAsync(Deadline)).Unroutable);
        Assert.False(publisher.Broken.IsCancellationRequested);
    }

    [Fact]
    public async Task What_is_on_its_way_on_a_channel_that_was_replaced_ends_when_no_confirm_has_come_in_time()
    {
        var bound = TimeSpan.FromMinutes(1);
        await using var arena = await servers.NewArenaAsync();
        await using var channel = await (await arena.Arena.ConnectAsync()).CreateChannelAsync();
        var (silent, full) = (arena.Arena.Name + ".silent", arena.Arena.Name + ".full");
        await DeclareAsync(channel, silent, new() { ["x-queue-type"] = "quorum" });
        await DeclareAsync(channel, full, new() { ["x-max-length"] = 0, ["x-overflow"] = "reject-publish" });
        var clock = new FakeTimeProvider();
        await using var publisher = await ConfirmedPublisher.OpenAsync(
            await Connector.To(arena.Arena.RabbitMq).ConnectAsync("test", CancellationToken.None), channels: 1, bound, clock, CancellationToken.None);

        // With its first message for a quorum queue a channel of the broker waits for that queue.
        await publisher.PublishAsync("", silent, new BasicProperties(), new byte[1]).WaitAsync(Deadline);
        await TellAsync("suspend", silent);
        var stuck = publisher.PublishAsync("", silent, new BasicProperties(), new byte[1]);
        Assert.True((await publisher.PublishAsync("", full, new BasicProperties(), new byte[1]).WaitAsync(Deadline)).Nacked);
        var channels = await CountChannelsAsync();
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.True((await publisher.PublishAsync("", full, new BasicProperties(), new byte[1]).WaitAsync(Deadline)).Nacked);
        await Eventually.IsTrueAsync(async () => await CountChannelsAsync() > channels, Deadline, "another channel was opened");
        Assert.False(stuck.IsCompleted);
        clock.Advance(bound);

        Assert.Equal(PublishResult.Unknown, (await stuck.WaitAsync(Deadline)).Result);
        Assert.True(publisher.Broken.IsCancellationRequested);
        await TellAsync("resume", silent);

        // The process of a quorum queue: while it is suspended nothing is confirmed.
        Task<string> TellAsync(string what, string queue) => servers.Native.RabbitMq.RabbitmqctlAsync(
            CancellationToken.None, "eval",
            $"{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<\"{Uri.UnescapeDataString(new Uri(arena.Arena.RabbitMq).AbsolutePath[1..])}\">>, queue, <<\"{queue}\">>)), sys:{what}(amqqueue:get_pid(Q)).");

        async Task<int> CountChannelsAsync() =>
            (await servers.Native.RabbitMq.RabbitmqctlAsync(CancellationToken.None, "list_channels", "pid")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

        static async Task DeclareAsync(IChannel channel, string queue, Dictionary<string, object?> arguments) =>
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments);
    }

    [Fact]
    public async Task A_body_over_the_brokers_limit_is_parked_with_the_reason_and_its_neighbours_flow_uncharged()
    {
        await using var arena = await servers.NewArenaAsync();
        await using var tap = await arena.OpenTapAsync();
        await arena.AddNotesAsync(1, 201, number => number % 2 == 0 ? $"k{number % 6}" : null);
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET body = convert_to(repeat('x', 200 * 1024), 'UTF8') WHERE id IN (70, 140)");

        await arena.StartRelayAsync(("Outbox:RetryFirst", "100ms"));

        var deliveries = await tap.ReadUntilAsync(199, Deadline);
        await arena.AllSentAsync(Deadline);
        Assert.Equal(2, await arena.CountAsync("parked_at IS NOT NULL"));
        Assert.Equal(2, await arena.CountAsync("parked_at IS NOT NULL AND id IN (70, 140)"));
        Assert.Contains("message size", await arena.Arena.ScalarAsync<string>("SELECT last_error FROM outbox_message WHERE id = 70"), StringComparison.Ordinal);
        Assert.Equal(199, await arena.CountAsync("sent_at IS NOT NULL AND attempts = 0"));
        Assert.All(["k0", "k2", "k4"], key => Assert.Equal(deliveries.FirstArrivals(key).Order(), deliveries.FirstArrivals(key)));
    }

    [Fact]
    public async Task A_queue_that_the_broker_has_no_room_for_is_not_told_of_as_one_with_other_arguments()
    {
        await using var arena = await servers.NewArenaAsync();
        await servers.Native.RabbitMq.RabbitmqctlAsync(
            CancellationToken.None, "set_vhost_limits", "-p", Uri.UnescapeDataString(new Uri(arena.Arena.RabbitMq).AbsolutePath[1..]), """{"max-queues": 0}""");
        await using var connection = await Connector.To(arena.Arena.RabbitMq).ConnectAsync("test", CancellationToken.None);

        var refusal = await Assert.ThrowsAsync<TopologyMismatchException>(
            () => new TopologyDeclarer(new Topology([new OneQueue()])).DeclareAsync(connection, CancellationToken.None));

        Assert.Contains("queue limit", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("other arguments", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_restart_under_load_loses_nothing_and_the_relay_goes_on_within_two_seconds() => await RestartAsync(times: 1);

    [Fact]
    [Trait("Speed", "slow")]
    public async Task Twenty_broker_restarts_under_load_lose_nothing_and_hang_nothing() => await RestartAsync(times: 20);

    [Fact]
    public async Task A_database_restart_under_load_loses_nothing_and_the_relay_goes_on()
    {
        await using var arena = await servers.NewArenaAsync();
        await using var tap = await arena.OpenTapAsync();
        await arena.AddBacklogAsync(8_000, key: "CASE WHEN n % 2 = 0 THEN 'k' || n % 8 END");
        var relay = await arena.StartRelayAsync();
        await Eventually.IsTrueAsync(async () => await arena.CountAsync("sent_at IS NOT NULL") > 200, Deadline, "the relay is at work");

        await servers.Native.Postgres.StopImmediatelyAsync();
        await Eventually.IsTrueAsync(async () => (await relay.HealthAsync()).Status == HealthStatus.Unhealthy, Deadline, "it says that the database is away");
        await servers.Native.Postgres.StartAsync(CancellationToken.None);

        await arena.AllSentAsync(TimeSpan.FromSeconds(60));
        var deliveries = await tap.ReadUntilAsync(8_000, Deadline);
        Assert.All(["k0", "k2", "k4", "k6"], key => Assert.Equal(deliveries.FirstArrivals(key).Order(), deliveries.FirstArrivals(key)));
    }

    [Fact]
    public async Task An_abandoned_connection_is_gone_though_the_broker_reads_nothing_any_more()
    {
        await using var arena = await servers.NewArenaAsync();
        var connection = await Connector.To(arena.Arena.RabbitMq).ConnectAsync("test", CancellationToken.None);
        var port = connection.Client.LocalPort;
        var publisher = await ConfirmedPublisher.OpenAsync(connection, channels: 1, Deadline, TimeProvider.System, CancellationToken.None);

        servers.Native.RabbitMq.Send(Signal.Stop);
        try
        {
            // More than the buffers between the two can hold.
            var outcomes = Enumerable.Range(1, 400)
                .Select(_ => publisher.PublishAsync("", "nobody", new BasicProperties(), new byte[90 * 1024])).ToList();

            await publisher.DisposeAsync();

            Assert.All(await Task.WhenAll(outcomes).WaitAsync(Deadline), outcome => Assert.Equal(PublishResult.Unknown, outcome.Result));
            Assert.DoesNotContain(
                IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections(),
                open => open.LocalEndPoint.Port == port && open.State == TcpState.Established);
        }
        finally
        {
            servers.Native.RabbitMq.Send(Signal.Continue);
        }
    }

    private async Task RestartAsync(int times)
    {
        await using var arena = await servers.NewArenaAsync();
        await using var tap = await arena.OpenTapAsync();
        var confirmTimeout = TimeSpan.FromSeconds(5);
        var relay = await arena.StartRelayAsync(("Outbox:ConfirmTimeout", "5s"));
        await relay.OwnsAsync();
        using var done = new CancellationTokenSource();
        var produced = ProduceAsync(arena, done.Token);
        for (var round = 0; round < times; round++)
        {
            var sent = await arena.CountAsync("sent_at IS NOT NULL");
            await Eventually.IsTrueAsync(async () => await arena.CountAsync("sent_at IS NOT NULL") > sent + 1_000, confirmTimeout + Deadline, "under load");

            await (round % 2 == 0 ? servers.Native.RabbitMq.KillAsync() : servers.Native.RabbitMq.StopAsync());
            await servers.Native.RabbitMq.StartAsync(CancellationToken.None);

            var accepting = Stopwatch.GetTimestamp();
            var usual = ConnectAndPublishAsync(arena);
            sent = await arena.CountAsync("sent_at IS NOT NULL");
            await Eventually.IsTrueAsync(async () => await arena.CountAsync("sent_at IS NOT NULL") > sent, Deadline, "it goes on");
            var taken = Stopwatch.GetElapsedTime(accepting);
            Assert.True(taken < TimeSpan.FromSeconds(2) + (5 * await usual), $"Round {round}: it took {taken}; a connection and a message take {await usual}.");
        }

        await done.CancelAsync();
        var total = await produced;

        // Ten keys, with one message of each on its way, take their time for what has gathered during the outages.
        await arena.AllSentAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(0, await arena.CountAsync("attempts > 0"));
        Assert.Equal(total, await arena.CountAsync("true"));
        var deliveries = await tap.ReadUntilAsync(total, TimeSpan.FromMinutes(3));
        Assert.All(Enumerable.Range(0, 10), key => Assert.Equal(deliveries.FirstArrivals($"k{key}").Order(), deliveries.FirstArrivals($"k{key}")));
    }

    /// <summary>What a connection and a message on it take on this machine with a broker that has just started.</summary>
    private static async Task<TimeSpan> ConnectAndPublishAsync(OutboxArena arena)
    {
        var taken = Stopwatch.StartNew();
        var connection = await Connector.To(arena.Arena.RabbitMq).ConnectAsync("test", CancellationToken.None);
        await using var publisher = await ConfirmedPublisher.OpenAsync(connection, channels: 1, Deadline, TimeProvider.System, CancellationToken.None);
        await publisher.PublishAsync("", "nobody", new BasicProperties(), new byte[1]);
        return taken.Elapsed;
    }

    /// <summary>Some five thousand messages a second, as far as the machine allows.</summary>
    private static async Task<int> ProduceAsync(OutboxArena arena, CancellationToken done)
    {
        const int Batch = 250;
        var total = 0;
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await pace.WaitForNextTickAsync(CancellationToken.None) && !done.IsCancellationRequested)
        {
            await arena.Arena.ExecuteAsync(
                """
                INSERT INTO outbox_message (exchange, routing_key, type, key, body)
                SELECT $1, 'notes.note-taken.v1', 'notes.note-taken.v1', CASE WHEN n % 2 = 0 THEN 'k' || (n / 2) % 10 END, convert_to('{"number":' || $2 + n || '}', 'UTF8')
                FROM generate_series(1, $3) AS n
                """,
                arena.Exchange, total, Batch);
            total += Batch;
        }

        return total;
    }

    private sealed class OneQueue : ITopologySource
    {
        public void AddTo(Topology topology) => topology.Queues.Add(new QueueDeclaration("q", new Dictionary<string, object?>()));
    }

    private Task<string> AlarmAsync(string kind, bool raised) => servers.Native.RabbitMq.RabbitmqctlAsync(
        CancellationToken.None,
        kind == "disk" ? ["set_disk_free_limit", raised ? "1000000GB" : "1MB"] : ["set_vm_memory_high_watermark", raised ? "0.0000001" : "0.4"]);
}
