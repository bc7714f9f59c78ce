using System.Collections.Concurrent;
using System.Diagnostics;
using Bench.Setup;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Bench.Latency;

/// <summary>A subscriber that does nothing but look at the clock.</summary>
internal sealed class Arrivals : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly IConnection _connection;
    private readonly ConcurrentDictionary<Guid, long> _left = new();
    private readonly ConcurrentDictionary<Guid, long> _arrived = new();

    private Arrivals(IConnection connection) => _connection = connection;

    /// <param name="arena">Whose broker.</param>
    /// <param name="queue">Which queue.</param>
    /// <param name="identify">What a message is known by; its message id unless told otherwise.</param>
    public static async Task<Arrivals> SubscribeAsync(Arena arena, string queue, Func<BasicDeliverEventArgs, Guid>? identify = null)
    {
        identify ??= delivery => Guid.Parse(delivery.BasicProperties.MessageId!);
        var connection = await arena.ConnectAsync();
        var arrivals = new Arrivals(connection);
        var channel = await connection.CreateChannelAsync();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            var now = Stopwatch.GetTimestamp();
            arrivals._arrived.TryAdd(identify(delivery), now);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        return arrivals;
    }

    /// <summary>These are to be waited for.</summary>
    public void Left(IReadOnlyList<Departure> departures)
    {
        foreach (var departure in departures)
        {
            Left(departure.Message, departure.Since);
        }
    }

    /// <summary>The message is on its way since then, by the clock of <see cref="Stopwatch"/>, which all processes share.</summary>
    public void Left(Guid message, long since) => _left[message] = since;

    /// <summary>Waits for all, and returns the milliseconds that each has taken. One that arrived before its sender knew
    /// that it had left has taken none.</summary>
    public async Task<IReadOnlyList<double>> MillisecondsAsync()
    {
        await Eventually.IsTrueAsync(() => Task.FromResult(_left.Keys.All(_arrived.ContainsKey)), Patience, "all messages have arrived");
        return [.. _left.Select(left => Math.Max(0, Stopwatch.GetElapsedTime(left.Value, _arrived[left.Key]).TotalMilliseconds))];
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
