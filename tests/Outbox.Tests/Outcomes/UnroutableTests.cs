using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Outbox.Tests.Outcomes;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class UnroutableTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task An_unroutable_message_is_deferred_charged_and_parked_with_exchange_and_routing_key_named()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var relay = await arena.StartRelayAsync(("Outbox:MaxAttempts", "3"), ("Outbox:RetryFirst", "2s"), ("Outbox:RetryCap", "2s"));

        var id = await arena.InsertAsync(routingKey: "nobody.listens.v1");

        await Eventually.EqualsAsync(1L, () => arena.CountAsync($"id = {id} AND attempts = 1 AND due_at > now() - interval '1 s' AND parked_at IS NULL"), Deadline, "deferred once");
        await Eventually.EqualsAsync(1L, () => arena.CountAsync($"id = {id} AND attempts = 3 AND parked_at IS NOT NULL AND due_at IS NULL"), Deadline, "parked after the last attempt");
        var reason = await arena.Arena.ScalarAsync<string>("SELECT last_error FROM outbox_message");
        Assert.Contains(arena.Exchange, reason, StringComparison.Ordinal);
        Assert.Contains("nobody.listens.v1", reason, StringComparison.Ordinal);
        Assert.Contains(relay.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("is parked", StringComparison.Ordinal)
            && line.Contains(arena.Exchange, StringComparison.Ordinal) && line.Contains("nobody.listens.v1", StringComparison.Ordinal));
        Assert.Equal(HealthStatus.Healthy, (await relay.HealthAsync()).Status);
    }

    [Fact]
    public async Task The_waits_between_attempts_double_up_to_the_cap()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync(
            """
            CREATE TABLE wait (attempt int, seconds float8);
            CREATE FUNCTION note_wait() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                INSERT INTO wait VALUES (NEW.attempts, extract(epoch FROM NEW.due_at - now()));
                RETURN NULL;
            END
            $body$;
            CREATE TRIGGER note_wait AFTER UPDATE ON outbox_message FOR EACH ROW WHEN (NEW.due_at IS NOT NULL) EXECUTE FUNCTION note_wait();
            """);
        await arena.StartRelayAsync(("Outbox:MaxAttempts", "6"), ("Outbox:RetryFirst", "200ms"), ("Outbox:RetryCap", "600ms"));

        await arena.InsertAsync(routingKey: "nobody.listens.v1");

        await Eventually.EqualsAsync(1L, () => arena.CountAsync("parked_at IS NOT NULL"), Deadline, "parked");
        var waits = (await arena.Arena.ScalarAsync<double[]>("SELECT array_agg(seconds ORDER BY attempt) FROM wait"))!;
        Assert.Equal(5, waits.Length);
        Assert.All(waits.Zip([0.2, 0.4, 0.6, 0.6, 0.6]), pair => Assert.InRange(pair.First, pair.Second * 0.79, pair.Second * 1.21));
    }

    [Fact]
    public async Task Its_key_waits_while_it_is_deferred_and_goes_on_after_parking_while_other_keys_never_wait()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync(("Outbox:MaxAttempts", "3"), ("Outbox:RetryFirst", "1h"));
        await arena.InsertAsync(", key", ", 'blocked'", routingKey: "nobody.listens.v1");

        await arena.AddNotesAsync(1, 100, _ => "blocked");
        await arena.AddNotesAsync(101, 100, number => $"free {number % 5}");
        await arena.AddNotesAsync(201, 100);

        await Eventually.EqualsAsync(200L, () => arena.CountAsync("sent_at IS NOT NULL"), Deadline, "what is free was sent");
        Assert.Equal(0, await arena.CountAsync("key = 'blocked' AND sent_at IS NOT NULL"));
        // Charges are written after the marks that came with them.
        await Eventually.EqualsAsync(1L, () => arena.CountAsync("due_at IS NOT NULL AND parked_at IS NULL"), Deadline, "deferred");
        // The one attempt that is left is made now.
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET due_at = now(), attempts = 2 WHERE due_at IS NOT NULL");
        var deliveries = await tap.ReadUntilAsync(300, Deadline);
        Assert.Equal(1, await arena.CountAsync("parked_at IS NOT NULL"));
        Assert.Equal(Enumerable.Range(1, 100), deliveries.FirstArrivals("blocked"));
        Assert.Equal(300, deliveries.Count);
    }

    [Fact]
    public async Task A_deferred_message_holds_back_its_key_for_the_next_owner_too()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var first = await arena.StartRelayAsync(("Outbox:RetryFirst", "1h"), ("Outbox:RetryCap", "1h"));
        var held = await arena.InsertAsync(", key", ", 'blocked'", routingKey: "nobody.listens.v1");
        await Eventually.EqualsAsync(1L, () => arena.CountAsync("due_at IS NOT NULL"), Deadline, "deferred");
        await first.StopAsync();
        await arena.AddNotesAsync(1, 10, _ => "blocked");
        await arena.AddNotesAsync(11, 10, _ => "free");

        await arena.StartRelayAsync();

        await tap.ReadUntilAsync(10, Deadline);
        Assert.Equal(0, await arena.CountAsync("key = 'blocked' AND sent_at IS NOT NULL"));

        // An operator decides that it may be left out.
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET routing_key = $1, due_at = now() WHERE id = $2", NoteTaken.MessageType, held);
        var deliveries = await tap.ReadUntilAsync(21, Deadline);
        Assert.Equal(held, await arena.Arena.ScalarAsync<long>("SELECT id FROM outbox_message WHERE message_id = $1", Guid.Parse(deliveries.First(d => d.Key == "blocked").MessageId!)));
    }

    [Fact]
    public async Task With_accept_an_unroutable_message_is_marked_sent_and_counted()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        using var measured = new Measurements();
        var relay = await arena.StartRelayAsync(("Outbox:Unroutable", "accept"));

        await arena.InsertAsync(routingKey: "nobody.listens.v1");

        await Eventually.EqualsAsync(1L, () => arena.CountAsync("sent_at IS NOT NULL AND attempts = 0"), Deadline, "marked sent");
        Assert.Equal(1, measured.Of(relay, "outbox.unroutable_accepted"));
    }
}
