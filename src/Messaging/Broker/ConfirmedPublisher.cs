using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Messaging;

/// <summary>Publishes on one connection with confirms, always mandatory. It breaks as a whole: after the first channel or
/// connection failure, or a publish past its deadline, every publish in flight ends as Unknown and the owner opens another.</summary>
internal sealed class ConfirmedPublisher : IAsyncDisposable
{
    private const int LooksPerDeadline = 20;

    private readonly IConnection _connection;
    private readonly IChannel[] _channels;
    private readonly TimeSpan _deadline;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _broken = new();
    private readonly Flights _flights = new();
    private readonly ITimer _watch;
    private volatile bool _blocked;
    private long _unblockedAt;
    private int _next;

    private ConfirmedPublisher(IConnection connection, IChannel[] channels, TimeSpan deadline, TimeProvider clock)
    {
        _connection = connection;
        _channels = channels;
        _deadline = deadline;
        _clock = clock;

        connection.ConnectionBlockedAsync += OnBlocked;
        connection.ConnectionUnblockedAsync += OnUnblocked;
        connection.ConnectionShutdownAsync += OnShutdown;
        foreach (var channel in channels)
        {
            channel.ChannelShutdownAsync += OnShutdown;
        }

        _watch = clock.CreateTimer(_ => BreakIfOverdue(), null, deadline / LooksPerDeadline, deadline / LooksPerDeadline);

        // A channel that ended before its handler was attached would never be noticed.
        if (!connection.IsOpen || Array.Exists(channels, channel => !channel.IsOpen))
        {
            Break("The channel ended while it was being opened.");
        }
    }

    /// <summary>Cancelled as soon as nothing can be published here any more.</summary>
    public CancellationToken Broken => _broken.Token;

    /// <summary>Why it broke; null while it works.</summary>
    public string? BreakReason { get; private set; }

    /// <summary>The close that the server sent, if it was the server that ended a channel or the connection.</summary>
    public ShutdownEventArgs? ServerClose => _channels.Select(channel => channel.CloseReason).Prepend(_connection.CloseReason)
        .FirstOrDefault(close => close?.Initiator == ShutdownInitiator.Peer);

    /// <summary>The longest frame that the broker accepts on this connection; 0 for no bound.</summary>
    public uint MaxFrameBytes => _connection.FrameMax;

    /// <summary>Raised when <see cref="IsBlocked"/> has changed.</summary>
    public event Action? BlockedChanged;

    /// <summary>True while the broker has asked publishers to pause (memory or disk alarm).</summary>
    public bool IsBlocked => _blocked;

    /// <summary>Opens <paramref name="channels"/> channels on <paramref name="connection"/> and takes the connection over:
    /// it ends with the publisher.</summary>
    public static async Task<ConfirmedPublisher> OpenAsync(
        IConnection connection, int channels, TimeSpan deadline, TimeProvider clock, CancellationToken cancellationToken)
    {
        var options = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        var opened = new IChannel[channels];
        for (var i = 0; i < channels; i++)
        {
            opened[i] = await connection.CreateChannelAsync(options, cancellationToken);
        }

        return new ConfirmedPublisher(connection, opened, deadline, clock);
    }

    /// <summary>Publishes one message and completes when its fate is known or its deadline has passed; it never throws.
    /// Messages are spread over the channels, so only a caller that awaits the first is sure of the order of two.</summary>
    public Task<PublishOutcome> PublishAsync(string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body)
    {
        if (!_flights.TryStart(_clock.GetTimestamp(), out var flight))
        {
            return Task.FromResult(PublishOutcome.Unknown(BreakReason!));
        }

        _ = FlyAsync(flight, exchange, routingKey, properties, body);
        return flight.Outcome;
    }

    /// <summary>Ends every publish in flight as Unknown, at once.</summary>
    public void Abandon() => Break("The publisher was abandoned.");

    /// <summary>Abandons the connection; everything in flight counts as Unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        Break("The publisher was closed.");
        await _watch.DisposeAsync();
        await BrokerConnector.AbandonAsync(_connection);
    }

    /// <summary>May never end: the client can hang for ever after a broker restart under load. Nobody waits for it.</summary>
    private async Task FlyAsync(Flight flight, string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body)
    {
        PublishOutcome outcome;
        string? broken = null;
        try
        {
            var channel = _channels[(uint)Interlocked.Increment(ref _next) % _channels.Length];
            // No token goes into the client: a publish that is cancelled half way leaves its sequence numbers in doubt.
            await channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body, CancellationToken.None);
            outcome = PublishOutcome.Confirmed;
        }
        catch (PublishReturnException returned)
        {
            outcome = PublishOutcome.Returned(returned.Exchange, returned.RoutingKey, returned.ReplyCode, returned.ReplyText);
        }
        catch (PublishException)
        {
            outcome = PublishOutcome.Refused;
        }
        catch (Exception exception) when (exception is ArgumentException or WireFormattingException)
        {
            // The message's own fault. What it left in the client's count of messages is not known, so all the same:
            broken = $"{exception.GetType().Name} over a message.";
            outcome = PublishOutcome.Unwritable(exception);
        }
        catch (Exception exception)
        {
            broken = $"{exception.GetType().Name} while publishing.";
            outcome = PublishOutcome.Unknown(BreakReason ?? broken);
        }

        if (!_flights.TryLand(flight))
        {
            return;
        }

        if (broken is not null)
        {
            Break(broken);
        }

        flight.End(outcome);
    }

    private void BreakIfOverdue()
    {
        // A blocked broker has not read the messages yet. It will once its alarm is over; publishing them again on another
        // connection would only double them.
        if (!_blocked && _flights.Oldest is { } oldest && _clock.GetElapsedTime(Math.Max(oldest, Volatile.Read(ref _unblockedAt))) > _deadline)
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
        _flights.EndAll(BreakReason);
    }
}
