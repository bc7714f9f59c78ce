using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging;

/// <summary>Publishes on one connection with confirms, always mandatory. It breaks as a whole: after the first channel or
/// connection failure, or a publish past its deadline, every publish in flight ends as Unknown and the owner opens another.</summary>
internal sealed class ConfirmedPublisher : IAsyncDisposable
{
    // An overdue publish is noticed so much later at most, and an idle process is woken so seldom.
    private const int LooksPerDeadline = 5;

    private readonly BrokerConnection _connection;
    private readonly TimeSpan _deadline;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _broken = new();
    private readonly ITimer _watch;
    private PublishLine[] _lines = [];
    private volatile bool _blocked;
    private long _unblockedAt;
    private int _next;

    private ConfirmedPublisher(BrokerConnection connection, TimeSpan deadline, TimeProvider clock)
    {
        (_connection, _deadline, _clock) = (connection, deadline, clock);
        connection.Client.ConnectionBlockedAsync += OnBlocked;
        connection.Client.ConnectionUnblockedAsync += OnUnblocked;
        connection.Client.ConnectionShutdownAsync += OnShutdown;
        _watch = clock.CreateTimer(_ => BreakIfOverdue(), null, deadline / LooksPerDeadline, deadline / LooksPerDeadline);
    }

    /// <summary>Cancelled as soon as nothing can be published here any more.</summary>
    public CancellationToken Broken => _broken.Token;

    /// <summary>Why it broke; null while it works.</summary>
    public string? BreakReason { get; private set; }

    /// <summary>The close that the server sent, if it was the server that ended a channel or the connection.</summary>
    public ShutdownEventArgs? ServerClose => _connection.Client.CloseReason is { Initiator: ShutdownInitiator.Peer } close
        ? close
        : _lines.Select(line => line.ServerClose).FirstOrDefault(close => close is not null);

    /// <summary>The longest frame that the broker accepts on this connection; 0 for no bound.</summary>
    public uint MaxFrameBytes => _connection.Client.FrameMax;

    /// <summary>Raised when <see cref="IsBlocked"/> has changed.</summary>
    public event Action? BlockedChanged;

    /// <summary>True while the broker has asked publishers to pause (memory or disk alarm).</summary>
    public bool IsBlocked => _blocked;

    /// <summary>Opens <paramref name="channels"/> channels on <paramref name="connection"/> and takes the connection over:
    /// it ends with the publisher, and at once where that cannot be opened.</summary>
    public static async Task<ConfirmedPublisher> OpenAsync(
        BrokerConnection connection, int channels, TimeSpan deadline, TimeProvider clock, CancellationToken cancellationToken)
    {
        var publisher = new ConfirmedPublisher(connection, deadline, clock);
        var lines = new PublishLine[channels];
        try
        {
            for (var i = 0; i < channels; i++)
            {
                lines[i] = await PublishLine.OpenAsync(connection.Client, clock, publisher.Break, cancellationToken);
            }
        }
        catch
        {
            await publisher.DisposeAsync();
            throw;
        }

        publisher._lines = lines;
        // What ended before its handler was attached would never be noticed.
        if (!connection.Client.IsOpen || Array.Exists(lines, line => !line.IsOpen))
        {
            publisher.Break("The channel ended while it was being opened.");
        }

        return publisher;
    }

    /// <summary>Publishes one message and completes when its fate is known or its deadline has passed; it never throws.
    /// Messages are spread over the channels, so only a caller that awaits the first is sure of the order of two.</summary>
    /// <param name="exchange">Where to; "" for the queue that the routing key names.</param>
    /// <param name="routingKey">What decides on the queues.</param>
    /// <param name="properties">Not to be used again: the client writes its trace context into their headers.</param>
    /// <param name="body">Not to be changed until then.</param>
    /// <param name="inline">Whoever awaits the outcome goes on in the loop that reads the connection: sooner and for less, but
    /// must neither block nor take long.</param>
    public Task<PublishOutcome> PublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, bool inline = false)
    {
        var flight = new Flight(exchange, routingKey, properties, body, _clock.GetTimestamp(), inline);
        _lines[(uint)Interlocked.Increment(ref _next) % _lines.Length].Publish(flight);
        return flight.Outcome;
    }

    /// <summary>Ends every publish in flight as Unknown, at once.</summary>
    public void Abandon() => Break("The publisher was abandoned.");

    /// <summary>Ends the connection; everything in flight counts as Unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        Break("The publisher was closed.");
        await _watch.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private void BreakIfOverdue()
    {
        // A blocked broker has not read the messages yet. It will once its alarm is over; publishing them again on another
        // connection would only double them.
        if (!_blocked
            && _lines.Min(line => line.OldestStartedAt) is { } oldest
            && _clock.GetElapsedTime(Math.Max(oldest, Volatile.Read(ref _unblockedAt))) > _deadline)
        {
            Break($"No confirm came within {_deadline}.");
        }
    }

    private Task OnBlocked(object sender, ConnectionBlockedEventArgs args)
    {
        _blocked = true;
        BlockedChanged?.Invoke();
        return Task.CompletedTask;
    }

    private Task OnUnblocked(object sender, AsyncEventArgs args)
    {
        Volatile.Write(ref _unblockedAt, _clock.GetTimestamp());
        _blocked = false;
        BlockedChanged?.Invoke();
        return Task.CompletedTask;
    }

    private Task OnShutdown(object sender, ShutdownEventArgs args)
    {
        Break($"{args.ReplyCode} {args.ReplyText}");
        return Task.CompletedTask;
    }

    private void Break(string reason)
    {
        BreakReason ??= reason;
        _broken.Cancel();
        Array.ForEach(_lines, line => line.EndAll(BreakReason));
    }
}
