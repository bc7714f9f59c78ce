using Messaging;
using RabbitMQ.Client;

namespace Outbox.Tests.Publishing;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ConfirmedPublisherTests(ServersFixture servers)
{
    [Fact]
    public async Task A_message_that_the_client_cannot_write_is_refused_and_not_tried_for_ever()
    {
        await using var arena = await servers.NewArenaAsync();
        var factory = new ConnectionFactory { Uri = new Uri(arena.RabbitMq), AutomaticRecoveryEnabled = false };
        await using var publisher = await ConfirmedPublisher.OpenAsync(
            await factory.CreateConnectionAsync(), channels: 1, TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None);

        var outcome = await publisher.PublishAsync("", new string('r', 300), new BasicProperties(), new byte[1]);

        Assert.Equal(PublishResult.Rejected, outcome.Result);
        Assert.False(outcome.Unroutable);
        Assert.True(publisher.Broken.IsCancellationRequested);
    }

    [Fact]
    public async Task Each_outcome_is_told_apart()
    {
        await using var arena = await servers.NewArenaAsync();
        var connection = await arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        var queue = arena.Name + ".q";
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>
        {
            ["x-max-length"] = 1,
            ["x-overflow"] = "reject-publish",
        });
        var factory = new ConnectionFactory { Uri = new Uri(arena.RabbitMq), AutomaticRecoveryEnabled = false };
        await using var publisher = await ConfirmedPublisher.OpenAsync(
            await factory.CreateConnectionAsync(), channels: 2, TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None);

        var confirmed = await publisher.PublishAsync("", queue, new BasicProperties(), new byte[1]);
        var nacked = await publisher.PublishAsync("", queue, new BasicProperties(), new byte[1]);
        var returned = await publisher.PublishAsync("", "nobody", new BasicProperties(), new byte[1]);
        publisher.Abandon();
        var unknown = await publisher.PublishAsync("", queue, new BasicProperties(), new byte[1]);

        Assert.Equal(PublishResult.Confirmed, confirmed.Result);
        Assert.Equal((PublishResult.Rejected, false), (nacked.Result, nacked.Unroutable));
        Assert.Equal((PublishResult.Rejected, true), (returned.Result, returned.Unroutable));
        Assert.Equal(PublishResult.Unknown, unknown.Result);
    }
}
