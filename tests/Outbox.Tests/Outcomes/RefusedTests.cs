using RabbitMQ.Client;

namespace Outbox.Tests.Outcomes;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class RefusedTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("park")]
    [InlineData("accept")]
    public async Task Nacks_of_a_full_queue_make_rows_wait_with_backoff_until_there_is_room(string unroutable)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var connection = await arena.Arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        var queue = arena.Arena.Name + ".full";
        await channel.ExchangeDeclareAsync(arena.Exchange, ExchangeType.Topic, durable: true);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>
        {
            ["x-max-length"] = 5,
            ["x-overflow"] = "reject-publish",
        });
        await channel.QueueBindAsync(queue, arena.Exchange, NoteTaken.MessageType);
        using var measured = new Measurements();
        var relay = await arena.StartRelayAsync(
            ("Outbox:MaxAttempts", "2"), ("Outbox:RetryFirst", "500ms"), ("Outbox:RetryCap", "500ms"), ("Outbox:Unroutable", unroutable));

        await arena.AddNotesAsync(1, 25, number => number <= 20 ? null : "k");

        await Eventually.EqualsAsync(20L, () => arena.CountAsync("attempts >= 4 OR (key IS NOT NULL AND attempts = 0)"), Deadline, "refused again after three waits");
        Assert.Equal(5, await arena.CountAsync("sent_at IS NOT NULL"));
        // Each wait is at least 400 ms: what was refused much more often than that was tried in a hot loop.
        var seconds = await arena.Arena.ScalarAsync<double>("SELECT extract(epoch FROM clock_timestamp() - min(created_at))::float8 FROM outbox_message");
        Assert.InRange((double)measured.Of(relay, "outbox.deferred")!, 20, 21 * ((seconds / 0.4) + 1));

        var taken = 0;
        await Eventually.IsTrueAsync(
            async () =>
            {
                while (await channel.BasicGetAsync(queue, autoAck: true) is not null)
                {
                    taken++;
                }

                return taken >= 25;
            },
            Deadline, "all have passed once there was room");
        await arena.AllSentAsync(Deadline);
        Assert.Equal(0, await arena.CountAsync("parked_at IS NOT NULL"));
    }

    [Fact]
    public async Task What_a_queue_refused_by_a_policy_is_sent_when_the_policy_is_gone_and_there_is_room()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var connection = await arena.Arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        var queue = arena.Arena.Name + ".full";
        await channel.ExchangeDeclareAsync(arena.Exchange, ExchangeType.Topic, durable: true);
        // Only a queue of this type goes on refusing what comes on a channel after it has said so to it.
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await channel.QueueBindAsync(queue, arena.Exchange, NoteTaken.MessageType);
        await arena.Arena.Management.SetPolicyAsync("full", "full$", new Dictionary<string, object> { ["max-length"] = 1, ["overflow"] = "reject-publish" });
        await arena.StartRelayAsync(("Outbox:RetryFirst", "200ms"), ("Outbox:RetryCap", "200ms"));
        // It takes what is on its way until it says that it is full.
        await Eventually.IsTrueAsync(
            async () =>
            {
                await arena.AddNotesAsync(1, 4);
                return await arena.CountAsync("attempts >= 2") >= 8;
            },
            Deadline, "refused on all channels");

        await arena.Arena.Management.DeletePolicyAsync("full");
        await channel.QueuePurgeAsync(queue);

        await arena.AllSentAsync(TimeSpan.FromSeconds(10));
    }

    public static TheoryData<string, string> UnfitRows => new()
    {
        { "routing_key = repeat('r', 300)", "routing_key has 300 UTF-8 bytes" },
        { "type = repeat('é', 128)", "type has 256 UTF-8 bytes" },
        { "exchange = repeat('e', 256)", "exchange has 256 UTF-8 bytes" },
        { "content_type = repeat('c', 256)", "content_type has 256 UTF-8 bytes" },
        { "headers = jsonb_build_object('h', repeat('v', 200 * 1024))", "the broker's frame leaves" },
        { "headers = (SELECT jsonb_object_agg('h' || n, 'v') FROM generate_series(1, 10000) AS n)", "the broker's frame leaves" },
        { "headers = '[1]'", "headers is not a JSON object" },
        { """headers = '{"h": {"a": 1}}'""", "headers.h is not a scalar" },
        { "headers = jsonb_build_object('correlation-id', repeat('c', 256))", "headers.correlation-id has 256 UTF-8 bytes" },
        { "headers = jsonb_build_object(repeat('n', 256), 1)", "the name of a header has 256 UTF-8 bytes" },
        { """headers = '{"BCC": "elsewhere"}'""", "headers.BCC has a meaning of its own" },
        { """headers = '{"x-dead-at": "2026-01-01T00:00:00Z"}'""", "headers.x-dead-at has a meaning of its own" },
        { """headers = '{"x-attempt": 3}'""", "headers.x-attempt has a meaning of its own" },
        { """headers = '{"x-death": null}'""", "headers.x-death has a meaning of its own" },
        { """headers = ('{"h":' || repeat('[', 200) || repeat(']', 200) || '}')::jsonb""", "headers cannot be read" },
        { "key = repeat('k', 2000), headers = jsonb_build_object('h', repeat('v', 125 * 1024))", "the broker's frame leaves" },
    };

    [Theory]
    [MemberData(nameof(UnfitRows), DisableDiscoveryEnumeration = true)]
    public async Task A_row_that_no_broker_can_carry_is_parked_at_once_with_the_reason_and_its_neighbours_flow(string unfit, string reason)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.AddNotesAsync(1, 21, number => number % 2 == 0 ? "k" : null);
        await arena.Arena.ExecuteAsync($"UPDATE outbox_message SET {unfit} WHERE id = 11");

        var relay = await arena.StartRelayAsync();

        await tap.ReadUntilAsync(20, Deadline);
        await arena.AllSentAsync(Deadline);
        Assert.Contains(reason, await arena.Arena.ScalarAsync<string>("SELECT last_error FROM outbox_message WHERE id = 11 AND parked_at IS NOT NULL"), StringComparison.Ordinal);
        Assert.Equal(20, await arena.CountAsync("sent_at IS NOT NULL AND attempts = 0"));
        Assert.Equal(20, (await tap.ReadAsync()).Count);
        Assert.DoesNotContain(relay.Log.All, line => line.Contains("lost its broker connection", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("created_at = 'infinity'")]
    [InlineData("created_at = '-infinity'")]
    [InlineData("created_at = '200000-01-01'")]
    [InlineData("created_at = '0044-03-15 BC'")]
    [InlineData("trace_parent = 'nonsense'")]
    [InlineData("""headers = '{"": ""}'""")]
    [InlineData("key = ''")]
    [InlineData("message_id = '00000000-0000-0000-0000-000000000000'")]
    public async Task A_row_with_strange_values_is_sent_all_the_same(string strange)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.AddNotesAsync(1, 3);
        await arena.Arena.ExecuteAsync($"UPDATE outbox_message SET {strange} WHERE id = 2");

        await arena.StartRelayAsync();

        await tap.ReadUntilAsync(3, Deadline);
        await arena.AllSentAsync(Deadline);
    }

    [Fact]
    public async Task A_message_that_closes_the_channel_is_found_by_publishing_one_at_a_time_and_it_alone_is_charged()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.AddNotesAsync(1, 101, number => number % 3 == 0 ? $"k{number % 2}" : null);
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET exchange = $1, key = 'k0' WHERE id = 50", LongMissing(arena));

        await arena.StartRelayAsync(("Outbox:RetryFirst", "100ms"));

        var deliveries = await tap.ReadUntilAsync(100, Deadline);
        await arena.AllSentAsync(Deadline);
        Assert.Equal(50, await arena.Arena.ScalarAsync<long>("SELECT id FROM outbox_message WHERE parked_at IS NOT NULL AND attempts = 3"));
        Assert.Contains("404", await arena.Arena.ScalarAsync<string>("SELECT last_error FROM outbox_message WHERE id = 50"), StringComparison.Ordinal);
        Assert.Equal(100, await arena.CountAsync("sent_at IS NOT NULL AND attempts = 0"));
        var order = deliveries.FirstArrivals("k0");
        Assert.Equal(order.Order(), order);
    }

    [Fact]
    public async Task A_message_that_closed_the_channel_is_published_alone_when_it_comes_back()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var relay = await arena.StartRelayAsync(("Outbox:RetryFirst", "100ms"));
        await arena.InsertAsync(exchange: LongMissing(arena));

        await Eventually.IsTrueAsync(
            async () =>
            {
                // Others are always on their way beside it, and not so many that they outlast the deadline.
                if (await arena.CountAsync("sent_at IS NULL") < 2_000)
                {
                    await arena.AddBacklogAsync(2_000);
                }

                return await arena.CountAsync("parked_at IS NOT NULL") == 1;
            },
            Deadline, "it is parked");

        await arena.AllSentAsync(Deadline);
        // Once among the others, and three times alone.
        Assert.InRange(relay.Log.All.Count(line => line.Contains("lost its broker connection", StringComparison.Ordinal)), 3, 4);
    }

    [Fact]
    public async Task A_routing_key_that_the_broker_forbids_parks_its_row_with_the_reason_and_its_neighbours_flow_uncharged()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var user = new Uri(arena.Arena.RabbitMq).UserInfo.Split(':')[0];
        await arena.Arena.Management.SetTopicPermissionsAsync(user, arena.Exchange, write: "^notes[.]");
        await arena.AddNotesAsync(1, 20, number => number % 2 == 0 ? "k" : null);
        var forbidden = await arena.InsertAsync(", key", ", 'k'", routingKey: "secrets.told.v1");
        await arena.AddNotesAsync(21, 20, number => number % 2 == 0 ? "k" : null);

        await arena.StartRelayAsync(("Outbox:RetryFirst", "100ms"), ("Outbox:MaxAttempts", "3"));

        var deliveries = await tap.ReadUntilAsync(40, Deadline);
        await arena.AllSentAsync(Deadline);
        Assert.Equal(forbidden, await arena.Arena.ScalarAsync<long>("SELECT id FROM outbox_message WHERE parked_at IS NOT NULL"));
        Assert.Contains("topic 'secrets.told.v1'", await arena.Arena.ScalarAsync<string>("SELECT last_error FROM outbox_message WHERE parked_at IS NOT NULL"), StringComparison.Ordinal);
        Assert.Equal(40, await arena.CountAsync("sent_at IS NOT NULL AND attempts = 0"));
        Assert.Equal(Enumerable.Range(1, 20).Select(half => half * 2), deliveries.FirstArrivals("k"));
    }

    [Fact]
    public async Task Many_rows_with_a_forbidden_routing_key_cost_few_connections_and_hold_up_nobody()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var user = new Uri(arena.Arena.RabbitMq).UserInfo.Split(':')[0];
        await arena.Arena.Management.SetTopicPermissionsAsync(user, arena.Exchange, write: "^notes[.]");
        await arena.AddBacklogAsync(2_000);
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET routing_key = 'secrets.told.v1' WHERE id % 20 = 0");

        var relay = await arena.StartRelayAsync();

        await Eventually.EqualsAsync(1_900L, () => arena.CountAsync("sent_at IS NOT NULL AND attempts = 0"), TimeSpan.FromSeconds(10), "all others are sent");
        await Eventually.EqualsAsync(100L, () => arena.CountAsync("attempts > 1 AND last_error LIKE '%topic ''secrets.told.v1''%'"), Deadline, "refused again with the reason");
        Assert.InRange(relay.Log.All.Count(line => line.Contains("lost its broker connection", StringComparison.Ordinal)), 1, 3);
        await tap.ReadUntilAsync(1_900, Deadline);
    }

    [Fact]
    public async Task A_row_whose_attempts_cannot_be_counted_further_is_parked_and_stops_no_other()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.InsertAsync(", attempts", ", 2147483647", routingKey: "nobody.listens.v1");
        await arena.StartRelayAsync();
        await Eventually.EqualsAsync(1L, () => arena.CountAsync("parked_at IS NOT NULL"), Deadline, "parked");

        await arena.AddNotesAsync(1, 5);

        await tap.ReadUntilAsync(5, Deadline);
    }

    [Fact]
    public async Task A_charge_whose_answer_is_lost_leaves_the_key_in_order()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var address = new Npgsql.NpgsqlConnectionStringBuilder(arena.Arena.Postgres);
        await using var network = TcpProxy.Start(address.Host!, address.Port);
        (address.Host, address.Port) = ("127.0.0.1", network.Port);
        network.CutReplyTo("SET attempts = least(m.attempts");
        await arena.InsertAsync(", key", ", 'k'", routingKey: "nobody.listens.v1");
        await arena.AddNotesAsync(1, 5, _ => "k");

        await arena.StartRelayAsync(("ConnectionStrings:Postgres", address.ConnectionString), ("Outbox:RetryFirst", "3s"));

        await Eventually.IsTrueAsync(() => network.Cuts == 1, Deadline, "the answer was cut");
        await arena.AddNotesAsync(6, 5, _ => "other");
        await Eventually.EqualsAsync(5L, () => arena.CountAsync("sent_at IS NOT NULL AND key = 'other'"), Deadline, "the relay works again");
        Assert.Equal(0, await arena.CountAsync("sent_at IS NOT NULL AND key = 'k'"));
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET routing_key = type WHERE id = 1");
        var deliveries = await tap.ReadUntilAsync(11, Deadline);
        Assert.Equal("{}"u8, deliveries.First(delivery => delivery.Key == "k").Body);
    }

    // The broker's text has no room for the whole name and so does not tell what has closed the channel.
    private static string LongMissing(OutboxArena arena) => $"{arena.Arena.Name}.{new string('x', 230)}";
}
