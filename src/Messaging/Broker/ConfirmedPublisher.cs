using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Messaging;

/// <summary>Publishes on one connection with confirms, always mandatory. It breaks as a whole: after the first channel or
/// connection failure, or a publish past its deadline, every publish in flight ends as Unknown and the owner opens another.</summary>
internal sealed class ConfirmedPublisher : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel[] _channels;
    private readonly TimeSpan _deadline;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _broken = new();
    private volatile bool _blocked;
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
    public async Task<PublishOutcome> PublishAsync(string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body)
    {
        if (_broken.IsCancellationRequested)
        {
            return PublishOutcome.Unknown(BreakReason!);
        }

        try
        {
            var channel = _channels[(uint)Interlocked.Increment(ref _next) % _channels.Length];
            // No token goes into the client: a publish that is cancelled half way leaves its sequence numbers in doubt.
            var confirm = channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body, CancellationToken.None);
            if (!confirm.IsCompletedSuccessfully)
            {
                await WithinDeadlineAsync(confirm.AsTask());
            }

            return PublishOutcome.Confirmed;
        }
        catch (PublishReturnException returned)
        {
            return PublishOutcome.Returned(returned.Exchange, returned.RoutingKey, returned.ReplyCode, returned.ReplyText);
        }
        catch (PublishException)
        {
            return PublishOutcome.Nacked;
        }
        catch (TimeoutException)
        {
            Break($"No confirm came within {_deadline}.");
            return PublishOutcome.Unknown(BreakReason!);
        }
        catch (Exception exception) when (exception is ArgumentException or WireFormattingException)
        {
            // The message's own fault. What it left in the client's count of messages is not known, so all the same:
            Break($"{exception.GetType().Name} over a message.");
            return PublishOutcome.Unwritable(exception);
        }
        catch (Exception exception)
        {
            Break($"{exception.GetType().Name} while publishing.");
            return PublishOutcome.Unknown(BreakReason!);
        }
    }

    /// <summary>Ends every publish in flight as Unknown, at once.</summary>
    public void Abandon() => Break("The publisher was abandoned.");

    /// <summary>Abandons the connection; everything in flight counts as Unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        Break("The publisher was closed.");
        await BrokerConnector.AbandonAsync(_connection);
    }

    private async Task WithinDeadlineAsync(Task confirm)
    {
        while (true)
        {
            try
            {
                await confirm.WaitAsync(_deadline, _clock, _broken.Token);
                return;
            }
            catch (TimeoutException) when (_blocked && !confirm.IsCompleted)
            {
                // A blocked broker has not read the message yet. It will once its alarm is over; publishing the message
                // again on another connection would only double it.
            }
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
    }
}
