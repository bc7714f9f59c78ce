namespace Outbox.Tests.Outcomes;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class MissingExchangeTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Rows_for_a_missing_exchange_wait_for_it_hold_up_nobody_and_go_out_once_it_is_there()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var missing = arena.Arena.Name + ".not-deployed";
        var relay = await arena.StartRelayAsync(("Outbox:RetryFirst", "200ms"), ("Outbox:RetryCap", "1s"), ("Outbox:MaxAttempts", "1000"));
        await relay.OwnsAsync();

        for (var round = 0; round < 20; round++)
        {
            await arena.AddNotesAsync((round * 50) + 1, 50, number => number % 2 == 0 ? $"k{number % 4}" : null);
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => arena.InsertAsync(exchange: missing)));
        }

        var deliveries = await tap.ReadUntilAsync(1_000, Deadline);
        await Eventually.EqualsAsync(1_000L, () => arena.CountAsync("sent_at IS NOT NULL AND attempts = 0"), Deadline, "all others are sent");
        await Eventually.EqualsAsync(
            60L, () => arena.CountAsync($"due_at IS NOT NULL AND last_error LIKE '%no exchange ''{missing}''%'"), Deadline, "deferred with the reason");
        Assert.InRange(relay.Log.All.Count(line => line.Contains("lost its broker connection", StringComparison.Ordinal)), 1, 10);
        Assert.All(["k0", "k2"], key => Assert.Equal(deliveries.FirstArrivals(key).Order(), deliveries.FirstArrivals(key)));

        await using var late = await Tap.OpenAsync(arena.Arena.RabbitMq, missing, NoteTaken.MessageType);
        await late.ReadUntilAsync(60, Deadline);
        await arena.AllSentAsync(Deadline);
        Assert.Equal(0, await arena.CountAsync("parked_at IS NOT NULL"));
    }

    [Fact]
    public async Task A_row_for_a_missing_exchange_is_parked_after_the_usual_attempts_and_its_key_goes_on()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var missing = arena.Arena.Name + ".mistyped";
        await arena.InsertAsync(", key", ", 'k'", exchange: missing);
        await arena.AddNotesAsync(1, 10, _ => "k");

        var relay = await arena.StartRelayAsync(("Outbox:RetryFirst", "100ms"), ("Outbox:MaxAttempts", "5"));

        Assert.Equal(Enumerable.Range(1, 10), (await tap.ReadUntilAsync(10, Deadline)).FirstArrivals("k"));
        await arena.AllSentAsync(Deadline);
        Assert.Equal(1, await arena.CountAsync($"parked_at IS NOT NULL AND attempts = 5 AND last_error LIKE '%404%no exchange ''{missing}''%'"));
        Assert.Equal(10, await arena.CountAsync("sent_at IS NOT NULL AND attempts = 0"));
        Assert.InRange(relay.Log.All.Count(line => line.Contains("lost its broker connection", StringComparison.Ordinal)), 1, 2);
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task An_exchange_that_this_service_may_not_write_to_is_refused_as_a_missing_one_is()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var foreign = arena.Arena.Name + ".foreign";
        await using var other = await Tap.OpenAsync(arena.Arena.RabbitMq, foreign, NoteTaken.MessageType);
        var user = new Uri(arena.Arena.RabbitMq).UserInfo.Split(':')[0];
        await arena.Arena.Management.SetPermissionsAsync(user, configure: ".*", write: $"^({arena.Exchange}|tap.*)$", read: ".*");
        await arena.AddNotesAsync(1, 20);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => arena.InsertAsync(exchange: foreign)));

        var relay = await arena.StartRelayAsync(("Outbox:RetryFirst", "200ms"), ("Outbox:RetryCap", "1s"), ("Outbox:MaxAttempts", "1000"));

        await tap.ReadUntilAsync(20, Deadline);
        await Eventually.EqualsAsync(
            20L, () => arena.CountAsync($"due_at IS NOT NULL AND last_error LIKE '%403%exchange ''{foreign}''%'"), Deadline, "deferred with the reason");
        Assert.InRange(relay.Log.All.Count(line => line.Contains("lost its broker connection", StringComparison.Ordinal)), 1, 5);
        await arena.Arena.Management.SetPermissionsAsync(user, ".*", ".*", ".*");

        await other.ReadUntilAsync(20, Deadline);
        await arena.AllSentAsync(Deadline);
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task So_is_the_default_exchange_which_the_broker_calls_by_another_name()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await using var queue = await Tap.OpenAsync(arena.Arena.RabbitMq, arena.Exchange, "nothing.else.v1");
        var user = new Uri(arena.Arena.RabbitMq).UserInfo.Split(':')[0];
        await arena.Arena.Management.SetPermissionsAsync(user, configure: ".*", write: $"^({arena.Exchange}|tap.*)$", read: ".*");
        await arena.AddNotesAsync(1, 200);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => arena.InsertAsync(exchange: "", routingKey: queue.Queue)));
        await arena.AddNotesAsync(201, 200);

        var relay = await arena.StartRelayAsync(("Outbox:RetryFirst", "200ms"), ("Outbox:RetryCap", "1s"), ("Outbox:MaxAttempts", "1000"));

        await tap.ReadUntilAsync(400, Deadline);
        await Eventually.EqualsAsync(20L, () => arena.CountAsync("due_at IS NOT NULL AND last_error LIKE '%403%amq.default%'"), Deadline, "deferred with the reason");
        Assert.InRange(relay.Log.All.Count(line => line.Contains("lost its broker connection", StringComparison.Ordinal)), 1, 3);
        await arena.Arena.Management.SetPermissionsAsync(user, ".*", ".*", ".*");

        await queue.ReadUntilAsync(20, Deadline);
        await arena.AllSentAsync(Deadline);
    }
}
