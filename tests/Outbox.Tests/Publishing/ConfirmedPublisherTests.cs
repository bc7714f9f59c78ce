using Messaging;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;

namespace Outbox.Tests.Publishing;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class ConfirmedPublisherTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_message_that_the_client_cannot_write_is_refused_and_not_tried_for_ever()
    {
        await using var arena = await servers.NewArenaAsync();
        await using var publisher = await OpenAsync(arena, channels: 1);

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
        var queue = await DeclareAsync(channel, arena.Name + ".q", room: 1);
        await using var publisher = await OpenAsync(arena, channels: 2);

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

    [Fact]
    public async Task Of_many_in_flight_exactly_those_that_the_queue_took_are_confirmed()
    {
        const int room = 300;
        await using var arena = await servers.NewArenaAsync();
        var connection = await arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        var queue = await DeclareAsync(channel, arena.Name + ".room", room);
        await using var publisher = await OpenAsync(arena, channels: 2);

        var sent = Enumerable.Range(0, 3 * room).Select(n => $"{n}").ToList();
        var outcomes = await Task.WhenAll(sent.Select(id => publisher.PublishAsync(
            "", int.Parse(id) % 3 == 2 ? "nobody" : queue, new BasicProperties { MessageId = id }, new byte[1]))).WaitAsync(Deadline);

        var confirmed = sent.Where((_, n) => outcomes[n].Result == PublishResult.Confirmed);
        Assert.Equal((await TakeAllAsync(channel, queue)).Order(), confirmed.Order());
        Assert.All(Enumerable.Range(0, sent.Count), n => Assert.Equal(n % 3 == 2, outcomes[n].Unroutable));
        Assert.All(outcomes.Where(outcome => outcome.Result != PublishResult.Confirmed && !outcome.Unroutable), outcome => Assert.True(outcome.Nacked));
    }

    [Fact]
    public async Task A_channel_that_was_nacked_is_replaced_without_losing_the_outcome_of_any_message()
    {
        await using var arena = await servers.NewArenaAsync();
        var connection = await arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        var full = await DeclareAsync(channel, arena.Name + ".full", room: 0);
        // It confirms when it has written to disk: later than the other queue refuses what was published after it.
        var queue = await DeclareAsync(channel, arena.Name + ".q", room: 1_000, "quorum");
        var clock = new FakeTimeProvider();
        await using var publisher = await ConfirmedPublisher.OpenAsync(
            await Connector.To(arena.RabbitMq).ConnectAsync("test", CancellationToken.None), channels: 2, TimeSpan.FromDays(1), clock, CancellationToken.None);
        string[] targets = ["nobody", queue, full];

        var outcomes = new List<Task<PublishOutcome>>();
        for (var n = 0; n < 900; n++)
        {
            outcomes.Add(publisher.PublishAsync("", targets[n % 3], new BasicProperties { MessageId = $"{n}" }, new byte[1]));
            if (n % 30 == 29)
            {
                await outcomes[n].WaitAsync(Deadline);
                clock.Advance(TimeSpan.FromSeconds(3));
            }
        }

        var all = await Task.WhenAll(outcomes).WaitAsync(Deadline);
        Assert.All(Enumerable.Range(0, all.Length), n => Assert.Equal(
            (n % 3 == 0, n % 3 == 1, n % 3 == 2), (all[n].Unroutable, all[n].Result == PublishResult.Confirmed, all[n].Nacked)));
        Assert.Equal(300, (await TakeAllAsync(channel, queue)).Count);
        Assert.False(publisher.Broken.IsCancellationRequested);
    }

    [Fact]
    public async Task What_cannot_be_written_takes_no_neighbours_confirm()
    {
        await using var arena = await servers.NewArenaAsync();
        var connection = await arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        var queue = await DeclareAsync(channel, arena.Name + ".q", room: 1_000);
        var full = await DeclareAsync(channel, arena.Name + ".full", room: 0);
        for (var round = 0; round < 20; round++)
        {
            await using var publisher = await OpenAsync(arena, channels: 1);

            var flights = Enumerable.Range(0, 100).Select(n => (Id: $"{round}-{n}", Outcome: publisher.PublishAsync(
                "", n == 50 ? new string('r', 300) : n % 2 == 0 ? queue : full, new BasicProperties { MessageId = $"{round}-{n}" }, new byte[1]))).ToList();

            var confirmed = new List<string>();
            foreach (var (id, outcome) in flights)
            {
                if ((await outcome.WaitAsync(Deadline)).Result == PublishResult.Confirmed)
                {
                    confirmed.Add(id);
                }
            }

            var taken = await TakeAllAsync(channel, queue);
            Assert.All(confirmed, id => Assert.Contains(id, taken));
        }
    }

    [Fact]
    public async Task A_return_that_may_mean_two_messages_counts_for_both()
    {
        await using var arena = await servers.NewArenaAsync();
        var connection = await arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        var queue = await DeclareAsync(channel, arena.Name + ".q", room: 1_000);
        var exchange = arena.Name + ".headers";
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Headers, durable: true);
        await channel.QueueBindAsync(queue, exchange, "", new Dictionary<string, object?> { ["x-match"] = "all", ["wanted"] = true });
        for (var round = 0; round < 20; round++)
        {
            await using var publisher = await OpenAsync(arena, channels: 1);

            var wanted = publisher.PublishAsync(exchange, "same", WithHeader(true), new byte[1]);
            var unwanted = publisher.PublishAsync(exchange, "same", WithHeader(false), new byte[1]);

            await wanted.WaitAsync(Deadline);
            Assert.True((await unwanted.WaitAsync(Deadline)).Unroutable);
        }

        await channel.ExchangeDeleteAsync(exchange);

        static BasicProperties WithHeader(bool wanted) =>
            new() { Persistent = true, Headers = new Dictionary<string, object?> { ["wanted"] = wanted } };
    }

    [Fact]
    public async Task A_connection_on_which_no_publisher_can_be_opened_is_ended()
    {
        await using var arena = await servers.NewArenaAsync();
        var connection = await Connector.To(arena.RabbitMq).ConnectAsync("test", CancellationToken.None);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ConfirmedPublisher.OpenAsync(connection, channels: 1, Deadline, TimeProvider.System, new CancellationToken(canceled: true)));

        Assert.False(connection.Client.IsOpen);
        // Once more does no harm: whoever has opened it may end it too.
        await connection.DisposeAsync();
    }

    private static async Task<ConfirmedPublisher> OpenAsync(TestArena arena, int channels) => await ConfirmedPublisher.OpenAsync(
        await Connector.To(arena.RabbitMq).ConnectAsync("test", CancellationToken.None),
        channels, TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None);

    /// <summary>A queue that says no once it holds <paramref name="room"/> messages.</summary>
    private static async Task<string> DeclareAsync(IChannel channel, string queue, int room, string type = "classic")
    {
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>
        {
            ["x-queue-type"] = type,
            ["x-max-length"] = room,
            ["x-overflow"] = "reject-publish",
        });
        return queue;
    }

    private static async Task<List<string>> TakeAllAsync(IChannel channel, string queue)
    {
        var ids = new List<string>();
        while (await channel.BasicGetAsync(queue, autoAck: true) is { } message)
        {
            ids.Add(message.BasicProperties.MessageId!);
        }

        return ids;
    }
}
