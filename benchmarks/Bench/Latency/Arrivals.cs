using System.Collections.Concurrent;
using System.Diagnostics;
using Bench.Setup;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Bench.Latency;

/// <summary>A subscriber that does nothing but look at the clock.</summary>
internal sealed class Arrivals : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly IConnection _connection;
    private readonly ConcurrentDictionary<Guid, long> _left = new();
    private readonly ConcurrentDictionary<Guid, long> _arrived = new();

    private Arrivals(IConnection connection) => _connection = connection;

    public static async Task<Arrivals> SubscribeAsync(Arena arena, string queue)
    {
        var connection = await arena.ConnectAsync();
        var arrivals = new Arrivals(connection);
        var channel = await connection.CreateChannelAsync();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            var now = Stopwatch.GetTimestamp();
            arrivals._arrived.TryAdd(Guid.Parse(delivery.BasicProperties.MessageId!), now);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        return arrivals;
    }

    /// <summary>The message is on its way since now.</summary>
    public void Left(Guid messageId) => _left[messageId] = Stopwatch.GetTimestamp();

    /// <summary>Waits for all, and returns the milliseconds that each has taken. One that arrived before its sender knew
    /// that it had left has taken none.</summary>
    public async Task<IReadOnlyList<double>> MillisecondsAsync()
    {
        await Eventually.IsTrueAsync(() => Task.FromResult(_left.Keys.All(_arrived.ContainsKey)), Patience, "all messages have arrived");
        return [.. _left.Select(left => Math.Max(0, Stopwatch.GetElapsedTime(left.Value, _arrived[left.Key]).TotalMilliseconds))];
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
