namespace Outbox.Tests.Publishing;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class InFlightTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task No_more_than_the_setting_are_on_their_way_unconfirmed()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        var broker = new Uri(arena.Arena.RabbitMq);
        await using var network = TcpProxy.Start(broker.Host, broker.Port);
        var behind = new UriBuilder(broker) { Host = "127.0.0.1", Port = network.Port }.Uri.AbsoluteUri;
        var relay = await arena.StartRelayAsync(("ConnectionStrings:RabbitMq", behind), ("Outbox:InFlight", "10"), ("Outbox:PollInterval", "200ms"));
        await relay.OwnsAsync();
        network.HoldsReplies = true;

        await arena.AddBacklogAsync(500);

        await tap.ReadUntilAsync(10, Deadline);
        // One read has brought all of them.
        await arena.ReadsOnAsync();
        Assert.Equal(10, (await tap.ReadAsync()).Count);
        network.HoldsReplies = false;
        Assert.Equal(500, (await tap.ReadUntilAsync(500, Deadline)).Count);
    }
}
