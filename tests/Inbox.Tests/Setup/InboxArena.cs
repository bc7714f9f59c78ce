using System.Text;
using Microsoft.EntityFrameworkCore;
using RabbitMQ.Client;
using Servers;

namespace Inbox.Tests;

/// <summary>A test's database with the tables of <see cref="NotesContext"/>, its virtual host, and what it asks of both.</summary>
public sealed class InboxArena : IAsyncDisposable
{
    public const string Exchange = "test.events";

    private readonly TestArena _arena;
    private IChannel? _channel;

    private InboxArena(TestArena arena) => _arena = arena;

    public TestArena Servers => _arena;

    /// <summary>Unique, since without management the virtual host is shared.</summary>
    public string Queue => _arena.Name + ".notes";

    public string DeadQueue => Queue + ".dead";

    public static Task<InboxArena> CreateAsync(ServersFixture servers) => CreateAsync(servers.Servers);

    public static async Task<InboxArena> CreateAsync(ServerPair servers)
    {
        var arena = new InboxArena(await TestArena.CreateAsync(servers));
        await using var db = arena.NewContext();
        await db.Database.EnsureCreatedAsync();
        await db.Database.ExecuteSqlRawAsync(InboxSql.CreateGuard);
        return arena;
    }

    public NotesContext NewContext() =>
        new(new DbContextOptionsBuilder<NotesContext>().UseNpgsql(_arena.Postgres).Options);

    public ConsumerSetup Setup() => new(_arena.Postgres, _arena.RabbitMq, Queue);

    /// <summary>Starts a consumer and waits until it has subscribed.</summary>
    public async Task<RunningConsumer> ConsumeAsync(Action<ConsumerSetup>? change = null)
    {
        var setup = Setup();
        change?.Invoke(setup);
        var process = await RunningConsumer.StartAsync(setup);
        await process.UntilReadyAsync();
        return process;
    }

    public async Task<Guid> PublishAsync(Noted message, string? key = null, Guid? id = null, IDictionary<string, object?>? headers = null)
    {
        var messageId = id ?? Guid.CreateVersion7();
        await PublishRawAsync(Properties(messageId, key, headers), Messaging.MessageSerializer.Default.Encode(message));
        return messageId;
    }

    public static BasicProperties Properties(Guid id, string? key = null, IDictionary<string, object?>? headers = null)
    {
        var all = headers is null ? [] : new Dictionary<string, object?>(headers);
        if (key is not null)
        {
            all["key"] = key;
        }

        return new BasicProperties
        {
            MessageId = id.ToString(),
            Type = Noted.MessageType,
            ContentType = "application/json",
            DeliveryMode = DeliveryModes.Persistent,
            Headers = all,
        };
    }

    /// <summary>Publishes to the test's queue past the exchange, and waits for the confirm.</summary>
    public async Task PublishRawAsync(BasicProperties properties, ReadOnlyMemory<byte> body, string? queue = null) =>
        await (await ChannelAsync()).BasicPublishAsync("", queue ?? Queue, mandatory: true, properties, body);

    public async Task PublishManyAsync(int count, Func<int, string?> key, int bodyBytes = 0, int from = 0)
    {
        var channel = await ChannelAsync();
        var padding = new string('x', bodyBytes);
        var confirms = new List<Task>();
        for (var i = from; i < from + count; i++)
        {
            var body = Messaging.MessageSerializer.Default.Encode(new { text = "n", number = i, padding });
            confirms.Add(channel.BasicPublishAsync("", Queue, mandatory: true, Properties(Guid.CreateVersion7(), key(i)), body).AsTask());
            if (confirms.Count == 500)
            {
                await Task.WhenAll(confirms);
                confirms.Clear();
            }
        }

        await Task.WhenAll(confirms);
    }

    /// <summary>Declares the queue and everything around it, as any role does at its start.</summary>
    public async Task DeclareAsync(Action<ConsumerSetup>? change = null) => await (await ConsumeAsync(change)).DisposeAsync();

    /// <summary>Ends the context's database session from outside, as a failover does.</summary>
    public async Task EndSessionOfAsync(NotesContext db)
    {
        var session = ((Npgsql.NpgsqlConnection)db.Database.GetDbConnection()).ProcessID;
        await _arena.ScalarAsync<bool>("SELECT pg_terminate_backend($1)", session);
        await Eventually.EqualsAsync(
            0L, () => _arena.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", session), TimeSpan.FromSeconds(10), "sessions");
    }

    public Task<long> NotesAsync(string where = "true") => _arena.ScalarAsync<long>($"SELECT count(*) FROM note WHERE {where}");

    public Task UntilNotesAsync(long count, int seconds = 20) =>
        Eventually.EqualsAsync(count, () => NotesAsync(), TimeSpan.FromSeconds(seconds), "notes");

    public async Task<uint> MessagesAsync(string queue) => await (await ChannelAsync()).MessageCountAsync(queue);

    /// <summary>Waits until so many messages can be delivered. What a consumer that has gone gives back appears a moment later.</summary>
    public Task UntilQueuedAsync(uint messages) =>
        Eventually.EqualsAsync(messages, () => MessagesAsync(Queue), TimeSpan.FromSeconds(10), "messages in the queue");

    /// <summary>Waits for one more dead letter, and takes it out of the queue.</summary>
    public async Task<DeadLetter> DeadLetterAsync(int seconds = 20)
    {
        DeadLetter? dead = null;
        await Eventually.IsTrueAsync(
            async () =>
            {
                if (await (await ChannelAsync()).BasicGetAsync(DeadQueue, autoAck: true) is { } message)
                {
                    dead = new DeadLetter(
                        message.BasicProperties.MessageId,
                        (message.BasicProperties.Headers ?? new Dictionary<string, object?>()).ToDictionary(
                            header => header.Key, header => header.Value is byte[] text ? Encoding.UTF8.GetString(text) : header.Value),
                        message.Body.ToArray(),
                        message.BasicProperties);
                }

                return dead is not null;
            },
            TimeSpan.FromSeconds(seconds),
            "a dead letter");
        return dead!;
    }

    /// <summary>Waits until nothing is in the queue, delivered or not.</summary>
    public Task UntilSettledAsync(RunningConsumer consumer, int seconds = 20) => Eventually.IsTrueAsync(
        async () =>
        {
            await consumer.StopAsync();
            return await MessagesAsync(Queue) == 0;
        },
        TimeSpan.FromSeconds(seconds),
        "the queue is empty after the consumer has stopped");

    public async Task<IChannel> ChannelAsync() => _channel is { IsOpen: true }
        ? _channel
        : _channel = await (await _arena.ConnectAsync()).CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));

    public ValueTask DisposeAsync() => _arena.DisposeAsync();
}

/// <summary>A message out of the dead-letter queue.</summary>
public sealed record DeadLetter(string? MessageId, IReadOnlyDictionary<string, object?> Headers, byte[] Body, IReadOnlyBasicProperties Properties)
{
    public string? Reason => Headers.GetValueOrDefault("x-dead-reason") as string;
}
