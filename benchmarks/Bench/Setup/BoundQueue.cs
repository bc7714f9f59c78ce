using RabbitMQ.Client;

namespace Bench.Setup;

/// <summary>A durable queue that gets all messages of a topic exchange; both are deleted at the end.</summary>
internal sealed class BoundQueue : IAsyncDisposable
{
    private static readonly TimeSpan Remembering = TimeSpan.FromSeconds(2);

    private readonly Arena _arena;
    private readonly string _type;
    private IConnection? _connection;
    private IChannel _channel = null!;

    private BoundQueue(Arena arena, string name, string type) => (_arena, Name, _type) = (arena, name, type);

    public string Name { get; }

    public string Exchange => Name + ".events";

    public static async Task<BoundQueue> DeclareAsync(Arena arena, string name, string type = "quorum")
    {
        var queue = new BoundQueue(arena, name, type);
        await queue.ConnectAsync();
        await queue.EmptyAsync();
        return queue;
    }

    /// <summary>Again after the broker was away.</summary>
    public async Task ConnectAsync()
    {
        await (_connection?.DisposeAsync() ?? ValueTask.CompletedTask);
        _connection = await _arena.ConnectAsync();
        _channel = await _connection.CreateChannelAsync();
    }

    /// <summary>A new queue in the place of the old one: what an emptied one has left in its log would be the next repeat's load.</summary>
    public async Task EmptyAsync()
    {
        await _channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true);
        await _channel.QueueDeleteAsync(Name);
        await _channel.QueueDeclareAsync(
            Name, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = _type });
        await _channel.QueueBindAsync(Name, Exchange, "#");
    }

    /// <summary>The same for who is going to kill the broker: RabbitMQ 3.10 writes down the names of new quorum queues when there
    /// were none for half a second. Killed before that, it has the queue and not its log, and the queue no leader for good.</summary>
    public async Task EmptyForGoodAsync(CancellationToken cancellationToken)
    {
        await EmptyAsync();
        await Task.Delay(Remembering, cancellationToken);
    }

    /// <summary>How many messages wait in it.</summary>
    public async Task<long> CountAsync() => await _channel.MessageCountAsync(Name);

    public async ValueTask DisposeAsync()
    {
        // Where the broker is away, whatever has ended the workload is to be heard, not this.
        if (_channel.IsOpen)
        {
            await _channel.QueueDeleteAsync(Name);
            await _channel.ExchangeDeleteAsync(Exchange);
        }

        await _connection!.DisposeAsync();
    }
}
