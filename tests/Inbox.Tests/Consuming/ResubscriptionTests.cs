using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Inbox.Tests.Consuming;

public sealed class ResubscriptionTests(ServersFixture servers) : ArenaTests(servers)
{
    [Fact]
    public async Task A_queue_that_was_deleted_is_declared_and_subscribed_again()
    {
        await using var consumer = await Arena.ConsumeAsync();

        await (await Arena.ChannelAsync()).QueueDeleteAsync(Arena.Queue);

        await consumer.UntilLoggedAsync("the broker has cancelled the subscription");
        await PublishWhenDeclaredAsync();
        await Arena.UntilNotesAsync(1);
    }

    [Fact]
    public async Task A_connection_that_was_closed_by_an_operator_is_opened_again()
    {
        await using var consumer = await Arena.ConsumeAsync();
        await Eventually.IsTrueAsync(
            async () => await Arena.Servers.Management.CloseConnectionsAsync() > 0, TimeSpan.FromSeconds(20), "the operator sees the connection");

        await consumer.UntilLoggedAsync("the subscription is lost");
        await Arena.PublishAsync(new Noted("after"));

        await Arena.UntilNotesAsync(1);
    }

    [Fact]
    public async Task A_connection_that_is_cut_under_load_loses_and_doubles_nothing()
    {
        var broker = new Uri(Arena.Servers.RabbitMq);
        await using var network = TcpProxy.Start(broker.Host, broker.Port);
        await using var consumer = await Arena.ConsumeAsync(setup =>
            setup.RabbitMq = new UriBuilder(broker) { Host = "127.0.0.1", Port = network.Port }.Uri.AbsoluteUri);
        var publishing = Arena.PublishManyAsync(3_000, i => $"k{i % 20}");

        for (var cuts = 1; cuts <= 5; cuts++)
        {
            var target = cuts * 300;
            await Eventually.IsTrueAsync(async () => await Arena.NotesAsync() > target, TimeSpan.FromSeconds(30), "load");
            network.Reset();
        }

        await publishing;
        await Arena.UntilNotesAsync(3_000, 60);
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(3_000, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
        Assert.Equal(3_000, await Arena.NotesAsync());
        Assert.Equal(0u, await Arena.MessagesAsync(Arena.DeadQueue));
    }

    [Fact]
    public async Task A_consumer_that_receives_nothing_while_its_queue_holds_messages_is_replaced()
    {
        await Arena.DeclareAsync();
        // Holds the queue, which is ordered, and takes nothing further: from the consumer's side, a queue that stays silent.
        await using var other = await (await Arena.Servers.ConnectAsync()).CreateChannelAsync();
        await other.BasicQosAsync(0, 1, false);
        await other.BasicConsumeAsync(Arena.Queue, autoAck: false, new AsyncDefaultBasicConsumer(other));
        await Arena.PublishManyAsync(3, i => $"k{i}");
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Timings = new Timings { Watch = TimeSpan.FromSeconds(1) };
            setup.Services = services => services.AddLogging(logging => logging.AddFilter("Inbox", LogLevel.Debug));
        });

        await consumer.UntilLoggedAsync("nothing arrives though the queue holds messages");

        await consumer.UntilReadyAsync();
        await other.CloseAsync();
        await Arena.UntilNotesAsync(3);
    }

    [Fact]
    public async Task A_consumer_of_an_empty_queue_is_left_alone()
    {
        await Arena.DeclareAsync();
        var connection = await Arena.Servers.ConnectAsync();
        var consumer = await connection.CreateChannelAsync();
        await consumer.BasicConsumeAsync(Arena.Queue, autoAck: false, new AsyncDefaultBasicConsumer(consumer));
        using var stop = new CancellationTokenSource();
        var looks = 0;
        var watch = new Watchdog(TimeSpan.FromMilliseconds(10), TimeProvider.System)
            .WatchAsync(connection, Arena.Queue, () => ++looks > 0, stop.Token);

        await Eventually.IsTrueAsync(() => looks > 20 || watch.IsCompleted, TimeSpan.FromSeconds(20), "it has looked often");

        Assert.False(watch.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
    }

    [Fact]
    public async Task A_consumer_that_its_queue_knows_nothing_of_is_noticed_at_once_even_while_the_queue_is_empty()
    {
        await Arena.DeclareAsync();
        var connection = await Arena.Servers.ConnectAsync();
        var watch = new Watchdog(TimeSpan.FromMilliseconds(10), TimeProvider.System)
            .WatchAsync(connection, Arena.Queue, () => true, CancellationToken.None);

        Assert.Equal(new Silence("the queue has no consumer"), await watch.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Of_a_consumer_that_receives_nothing_it_cannot_be_told_whether_it_stands_by()
    {
        await Arena.DeclareAsync();
        var connection = await Arena.Servers.ConnectAsync();
        var consumer = await connection.CreateChannelAsync();
        await consumer.BasicQosAsync(0, 1, false);
        await consumer.BasicConsumeAsync(Arena.Queue, autoAck: false, new AsyncDefaultBasicConsumer(consumer));
        await Arena.PublishManyAsync(3, i => $"k{i}");
        var watch = new Watchdog(TimeSpan.FromMilliseconds(10), TimeProvider.System)
            .WatchAsync(connection, Arena.Queue, () => true, CancellationToken.None);

        Assert.Equal(
            new Silence("nothing arrives though the queue holds messages", MayStandBy: true), await watch.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private Task PublishWhenDeclaredAsync() => Eventually.IsTrueAsync(
        async () =>
        {
            await Arena.PublishAsync(new Noted("after"));
            return true;
        },
        TimeSpan.FromSeconds(20),
        "the queue is there again");
}
