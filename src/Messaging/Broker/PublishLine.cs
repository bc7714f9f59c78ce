using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging;

/// <summary>Messages in line for a channel. They are handed to it one after the other; and when it is worn, the line stops until it is empty,
/// and goes on with a new one.</summary>
internal sealed class PublishLine
{
    private readonly IConnection _connection;
    private readonly TimeProvider _clock;
    private readonly Action<string> _onBroken;
    private readonly Lock _lock = new();
    private readonly Queue<Flight> _waiting = new();
    private ConfirmedChannel _channel = null!;
    private bool _moving;
    private string? _ended;

    private PublishLine(IConnection connection, TimeProvider clock, Action<string> onBroken) =>
        (_connection, _clock, _onBroken) = (connection, clock, onBroken);

    /// <summary>False once its channel is closed, also where that came too early to be told as broken.</summary>
    public bool IsOpen => _channel.IsOpen;

    /// <summary>Why its channel is closed, if it is.</summary>
    public ShutdownEventArgs? CloseReason => _channel.CloseReason;

    /// <summary>When the oldest publish began whose fate is not known; null while there is none.</summary>
    public long? OldestStartedAt
    {
        get
        {
            using var locked = _lock.EnterScope();
            return _channel.OldestStartedAt ?? (_waiting.TryPeek(out var flight) ? flight.StartedAt : null);
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
        line._channel = await line.OpenChannelAsync(cancellationToken);
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
            }
        }

        if (ended is null)
        {
            GoOn();
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
        using (_lock.EnterScope())
        {
            _ended ??= reason;
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        _channel.EndAll(reason);
        waiting.ForEach(flight => flight.End(PublishOutcome.Unknown(reason)));
    }

    private Task<ConfirmedChannel> OpenChannelAsync(CancellationToken cancellationToken) =>
        ConfirmedChannel.OpenAsync(_connection, _clock, _onBroken, GoOn, cancellationToken);

    private void GoOn()
    {
        using (_lock.EnterScope())
        {
            if (_moving || _waiting.Count == 0)
            {
                return;
            }

            _moving = true;
        }

        _ = MoveAsync();
    }

    /// <summary>Nobody waits for it, since it may never end: the client can hang for ever after a broker restart under load.</summary>
    private async Task MoveAsync()
    {
        bool goesOn;
        do
        {
            goesOn = Next(out var flight) && await (flight is null ? TryReplaceAsync() : TryWriteAsync(flight));
        }
        while (goesOn);
    }

    /// <summary>Takes the next message, or none where the channel is to be replaced first.</summary>
    /// <returns>False when the line rests: it is empty, or has to wait until its channel is.</returns>
    private bool Next(out Flight? flight)
    {
        using var locked = _lock.EnterScope();
        flight = null;
        if (_waiting.Count == 0)
        {
            return _moving = false;
        }

        if (_channel.IsWorn)
        {
            return _moving = _channel.IsEmpty;
        }

        flight = _waiting.Dequeue();
        _channel.Number(flight);
        return true;
    }

    private Task<bool> TryWriteAsync(Flight flight)
    {
        Activity.Current = flight.Origin;
        return _channel.TryWriteAsync(flight);
    }

    private async Task<bool> TryReplaceAsync()
    {
        try
        {
            // As with a publish, the deadline of what waits is the bound.
            var worn = _channel;
            _channel = await OpenChannelAsync(CancellationToken.None);
            await worn.DisposeAsync();
            return true;
        }
        catch (Exception exception)
        {
            _onBroken($"{exception.GetType().Name} while replacing a channel.");
            return false;
        }
    }
}
