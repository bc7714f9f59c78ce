using RabbitMQ.Client;

namespace Bench.Setup;

/// <summary>Publishes messages from memory with RabbitMQ.Client's own confirm tracking: mandatory, persistent, pipelined.
/// The ceiling of whatever publishes.</summary>
internal sealed class MemoryPublisher : IAsyncDisposable
{
    /// <summary>Published and not yet confirmed at most; the relay's own default.</summary>
    public const int InFlight = 1_024;

    private readonly IConnection _connection;
    private readonly IChannel[] _channels;

    private MemoryPublisher(IConnection connection, IChannel[] channels) => (_connection, _channels) = (connection, channels);

    public static async Task<MemoryPublisher> OpenAsync(Arena arena, int channels)
    {
        var connection = await arena.ConnectAsync();
        var opened = new IChannel[channels];
        for (var i = 0; i < channels; i++)
        {
            // No rate limiter of the client's: the window is ours.
            opened[i] = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        }

        return new MemoryPublisher(connection, opened);
    }

    /// <summary>Publishes and returns when all are confirmed.</summary>
    /// <param name="exchange">Where to.</param>
    /// <param name="messages">How many.</param>
    /// <param name="type">Routing key and type.</param>
    /// <param name="body">The body of message number n.</param>
    /// <param name="inFlight">Unconfirmed messages at most, over all channels.</param>
    public Task PublishAsync(string exchange, int messages, string type, Func<int, ReadOnlyMemory<byte>> body, int inFlight = InFlight) =>
        Task.WhenAll(_channels.Select((channel, first) => Task.Run(() =>
            PublishAsync(channel, exchange, first, messages, type, body, Math.Max(1, inFlight / _channels.Length)))));

    private async Task PublishAsync(
        IChannel channel, string exchange, int first, int messages, string type, Func<int, ReadOnlyMemory<byte>> body, int inFlight)
    {
        var window = new Queue<Task>(inFlight);
        for (var n = first; n < messages; n += _channels.Length)
        {
            if (window.Count == inFlight)
            {
                await window.Dequeue();
            }

            window.Enqueue(channel.BasicPublishAsync(exchange, type, mandatory: true, Properties(type), body(n)).AsTask());
        }

        await Task.WhenAll(window);
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    /// <summary>The same properties as those of a relayed row.</summary>
    private static BasicProperties Properties(string type) => new()
    {
        MessageId = Guid.CreateVersion7().ToString(),
        Type = type,
        ContentType = "application/json",
        Timestamp = new AmqpTimestamp(DateTimeOffset.UtcNow.ToUnixTimeSeconds()),
        AppId = "bench",
        Persistent = true,
    };
}
