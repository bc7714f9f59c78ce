namespace OrderService.Tests.Fulfilment;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class DeclaredTopologyTests(ServersFixture servers)
{
    private const string All =
        """
        binding orders.events orders.order-cancelled.v1 orders.fulfilment
        binding orders.events orders.order-confirmed.v1 orders.notifications
        binding orders.events orders.order-placed.v1 orders.fulfilment
        binding orders.events orders.order-rejected.v1 orders.notifications
        exchange orders.events topic durable
        queue orders.fulfilment
        queue orders.fulfilment.dead
        queue orders.fulfilment.retry.2000
        queue orders.fulfilment.retry.4000
        queue orders.notifications
        queue orders.notifications.dead
        queue orders.notifications.retry.2000
        queue orders.notifications.retry.4000
        """;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("relay")]
    [InlineData("consumer")]
    public async Task Either_role_alone_declares_all_that_the_others_need_too(string role)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);

        await arena.StartAsync($"--Roles={role}", "--Inbox:Retry:Tries=2");

        await Eventually.EqualsAsync(All, () => DeclaredAsync(arena.Arena.Management), Soon, "what is declared");
    }

    /// <summary>All there is in the virtual host but what the broker has put there itself.</summary>
    private static async Task<string> DeclaredAsync(BrokerManagement management)
    {
        var exchanges = (await management.GetAsync("exchanges/{vhost}")).EnumerateArray()
            .Where(exchange => exchange.GetProperty("name").GetString() is not "" and { } name && !name.StartsWith("amq.", StringComparison.Ordinal))
            .Select(exchange => $"exchange {exchange.GetProperty("name")} {exchange.GetProperty("type")} {(exchange.GetProperty("durable").GetBoolean() ? "durable" : "transient")}");
        var queues = (await management.GetAsync("queues/{vhost}")).EnumerateArray().Select(queue => $"queue {queue.GetProperty("name")}");
        var bindings = (await management.GetAsync("bindings/{vhost}")).EnumerateArray()
            .Where(binding => binding.GetProperty("source").GetString() != "")
            .Select(binding => $"binding {binding.GetProperty("source")} {binding.GetProperty("routing_key")} {binding.GetProperty("destination")}");
        return string.Join('\n', exchanges.Concat(queues).Concat(bindings).Order(StringComparer.Ordinal));
    }
}
