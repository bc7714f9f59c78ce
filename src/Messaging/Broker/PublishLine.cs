using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging;

/// <summary>Messages that wait for a channel, and are handed to it one after the other. A channel that is worn is replaced: what comes next goes
/// to the new one, and the old one is left until nothing is on its way there.</summary>
internal sealed class PublishLine
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);

    private readonly IConnection _connection;
    private readonly TimeProvider _clock;
    private readonly Action<string> _onBroken;
    private readonly Lock _lock = new();
    private readonly Queue<Flight> _waiting = new();

    // The last one is published on, the others are left.
    private readonly List<ConfirmedChannel> _channels = [];
    private bool _moving;
    private bool _replacing;
    private string? _ended;

    private PublishLine(IConnection connection, TimeProvider clock, Action<string> onBroken) =>
        (_connection, _clock, _onBroken) = (connection, clock, onBroken);

    /// <summary>False once the broker or the client has closed its channel, also where that came too early to be told as broken.</summary>
    public bool IsOpen
    {
        get
        {
            using var locked = _lock.EnterScope();
            return _channels[^1].IsOpen;
        }
    }

    /// <summary>The close that the server sent over a message that is still on its way, if it has.</summary>
    public ShutdownEventArgs? ServerClose
    {
        get
        {
            using var locked = _lock.EnterScope();
            return _channels.Select(channel => channel.CloseReason).FirstOrDefault(close => close?.Initiator == ShutdownInitiator.Peer);
        }
    }

    /// <summary>When the oldest publish began whose fate is not known; null while there is none.</summary>
    public long? OldestStartedAt
    {
        get
        {
            using var locked = _lock.EnterScope();
            return _channels.Min(channel => channel.OldestStartedAt) ?? (_waiting.TryPeek(out var flight) ? flight.StartedAt : null);
        }
    }

    /// <summary>Opens the first channel.</summary>
    /// <param name="connection">For this and all that follow.</param>
    /// <param name="clock">Measures how long ago a channel was nacked.</param>
    /// <param name="onBroken">Called with the reason once nothing can be published any more; it calls <see cref="EndAll"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PublishLine> OpenAsync(
        IConnection connection, TimeProvider clock, Action<string> onBroken, CancellationToken cancellationToken)
    {
        var line = new PublishLine(connection, clock, onBroken);
        line._channels.Add(await line.OpenChannelAsync(cancellationToken));
        return line;
    }

    /// <summary>Publishes after all that were handed over before, and sees to it that <paramref name="flight"/> ends.</summary>
    public void Publish(Flight flight)
    {
        string? ended;
        using (_lock.EnterScope())
        {
            ended = _ended;
            if (ended is null)
            {
                _waiting.Enqueue(flight);
                if (_moving)
                {
                    return;
                }

                _moving = true;
            }
        }

        if (ended is null)
        {
            _ = MoveAsync();
        }
        else
        {
            flight.End(PublishOutcome.Unknown(ended));
        }
    }

    /// <summary>Ends everything as Unknown; no more is published.</summary>
    public void EndAll(string reason)
    {
        List<Flight> waiting;
        List<ConfirmedChannel> channels;
        using (_lock.EnterScope())
        {
            _ended ??= reason;
            (waiting, channels) = ([.. _waiting], [.. _channels]);
            _waiting.Clear();
        }

        channels.ForEach(channel => channel.EndAll(reason));
        waiting.ForEach(flight => flight.End(PublishOutcome.Unknown(reason)));
    }

    private Task<ConfirmedChannel> OpenChannelAsync(CancellationToken cancellationToken) =>
        ConfirmedChannel.OpenAsync(_connection, _clock, _onBroken, cancellationToken);

    /// <summary>Nobody waits for it, since it may never end: the client can hang for ever after a broker restart under load.</summary>
    private async Task MoveAsync()
    {
        while (TryNumberNext(out var flight, out var channel))
        {
            Activity.Current = flight.Origin;
            if (!await channel.TryWriteAsync(flight))
            {
                // Nothing may follow, and so the line counts as moving for ever.
                return;
            }
        }
    }

    private bool TryNumberNext([NotNullWhen(true)] out Flight? flight, out ConfirmedChannel channel)
    {
        using var locked = _lock.EnterScope();
        channel = _channels[^1];
        _moving = _waiting.TryDequeue(out flight);
        if (_moving)
        {
            channel.Number(flight!);
            if (channel.IsWorn && !_replacing)
            {
                _replacing = true;
                _ = ReplaceAsync(channel);
            }
        }

        return _moving;
    }

    private async Task ReplaceAsync(ConfirmedChannel worn)
    {
        // Out of the lock of the caller, and out of the loop that reads the connection.
        await Task.Yield();
        try
        {
            var fresh = await OpenChannelAsync(CancellationToken.None);
            using (_lock.EnterScope())
            {
                _channels.RemoveAll(left => left.IsEmpty && left != worn);
                _channels.Add(fresh);
            }

            worn.Leave();
        }
        catch (Exception)
        {
            // In an alarm the broker opens none, and if the connection has ended that is told elsewhere. What comes after the pause tries again.
            await Task.Delay(BetweenTries, _clock);
        }
        finally
        {
            Volatile.Write(ref _replacing, false);
        }
    }
}
