using OrderService.Tests.Orders;

namespace OrderService.Tests.Fulfilment;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SilentLogTests(ServersFixture servers)
{
    private const string Secret = "not-for-the-log";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Whatever_becomes_of_messages_the_log_tells_nothing_of_what_is_in_them()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        // PostgreSQL tells the values of a row that it refuses, and Npgsql passes them on where it is told to, as it is by the arena.
        await arena.Arena.ExecuteAsync("ALTER TABLE notification ADD CONSTRAINT injected CHECK (kind <> 'rejected')");
        var service = await arena.StartAsync(
            $"--ConnectionStrings:Postgres={arena.Arena.Postgres};Include Error Detail=false", "--Inbox:Retry:First=100ms", "--Inbox:Retry:Tries=1");
        var absent = Guid.NewGuid();

        using var answer = await service.PlaceAsync(
            $$"""{"customerId":"{{Secret}}","currency":"EUR","lines":[{"sku":"{{Secret}}","quantity":1,"unitPrice":1}]}""");
        var rejected = (await answer.JsonAsync()).GetProperty("id").GetGuid();
        await PublishAsync(
            arena, "orders.order-placed.v1",
            $$"""{"orderId":"{{absent}}","customerId":"{{Secret}}","currency":"EUR","total":1,"placedAt":"2026-01-01T00:00:00Z","lines":[]}""");
        await PublishAsync(arena, "orders.order-cancelled.v1", $$"""{"orderId":"{{absent}}","customerId":"{{Secret}}","heldStock":true}""");
        await PublishAsync(arena, "orders.order-placed.v1", $$"""{"orderId":"{{Secret}}"}""");

        await Eventually.EqualsAsync(
            4, () => Task.FromResult(service.Log.All.Count(line => line.Contains("is now a dead letter", StringComparison.Ordinal))), Soon, "dead letters");
        Assert.Contains(service.Log.All, line => line.Contains("injected", StringComparison.Ordinal));
        string[] payload = [Secret, $"{absent}", $"{rejected}"];
        var told = service.Log.All.FirstOrDefault(line => payload.Any(value => line.Contains(value, StringComparison.OrdinalIgnoreCase)));
        Assert.True(told is null, told);
    }

    private static async Task PublishAsync(ServiceArena arena, string type, string body) => await arena.Arena.ExecuteAsync(
        "INSERT INTO outbox_message (exchange, routing_key, type, body) VALUES ('orders.events', $1, $1, convert_to($2, 'UTF8'))", type, body);
}
