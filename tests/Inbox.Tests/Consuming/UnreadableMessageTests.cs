namespace Inbox.Tests.Consuming;

/// <summary>Messages over which the client loses its connection. The network stands in for it: what is too long for the client would
/// be too long for the broker of most tests.</summary>
public sealed class UnreadableMessageTests(ServersFixture servers) : ArenaTests(servers)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_that_ends_the_connection_unread_ends_alone_in_the_dead_letter_queue(bool ordered)
    {
        void Limit(ConsumerSetup setup)
        {
            setup.Settings["Inbox:DeliveryLimit"] = "5";
            setup.Queue = queue => _ = ordered ? queue : queue.Unordered();
        }

        await Arena.DeclareAsync(Limit);
        await Arena.PublishAsync(new Noted("poison"), key: "k");
        await Arena.PublishManyAsync(20, i => $"k{i % 3}");
        var broker = new Uri(Arena.Servers.RabbitMq);
        await using var network = TcpProxy.Start(broker.Host, broker.Port);
        network.ResetsAtReply = "poison";
        var setup = Arena.Setup();
        Limit(setup);
        setup.RabbitMq = new UriBuilder(broker) { Host = "127.0.0.1", Port = network.Port }.Uri.AbsoluteUri;

        await using var consumer = await RunningConsumer.StartAsync(setup);

        await Arena.UntilNotesAsync(20, 40);
        var dead = await Arena.DeadLetterAsync();
        Assert.Contains("poison", System.Text.Encoding.UTF8.GetString(dead.Body), StringComparison.Ordinal);
        Assert.Equal(0u, await Arena.MessagesAsync(Arena.DeadQueue));
        await Arena.PublishManyAsync(20, i => $"k{i}");
        await Arena.UntilNotesAsync(40);
    }
}
