using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Messaging;

/// <summary>One channel in confirm mode. The numbers of its publishes are kept here: the client's own tracking sends the number along in
/// a header, and takes a thread of the pool for each confirm.</summary>
internal sealed class ConfirmedChannel
{
    private static readonly CreateChannelOptions Confirms = new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false);

    // Soon enough for what waits, and too seldom to cost anything beside the refusals.
    private static readonly TimeSpan WornAfter = TimeSpan.FromSeconds(2);

    private readonly UnconfirmedFlights _flights = new();
    private readonly IChannel _channel;
    private readonly TimeProvider _clock;
    private readonly Action<string> _onBroken;

    // A timestamp of the clock; 0 before the first nack.
    private long _nackedAt;
    private volatile bool _isLeft;
    private int _closing;

    private ConfirmedChannel(IChannel channel, TimeProvider clock, Action<string> onBroken)
    {
        (_channel, _clock, _onBroken) = (channel, clock, onBroken);
        channel.BasicAcksAsync += OnAck;
        channel.BasicNacksAsync += OnNack;
        channel.BasicReturnAsync += OnReturn;
        channel.ChannelShutdownAsync += OnShutdown;
    }

    /// <summary>False once the broker or the client has closed it, also where that came too early to be told as broken.</summary>
    public bool IsOpen => _channel.IsOpen;

    /// <summary>Why it is closed, if it is.</summary>
    public ShutdownEventArgs? CloseReason => _channel.CloseReason;

    /// <summary>Whether nothing is on its way.</summary>
    public bool IsEmpty => _flights.IsEmpty;

    /// <summary>When the oldest publish began whose fate is not known; null while there is none.</summary>
    public long? OldestStartedAt => _flights.OldestStartedAt;

    /// <summary>True two seconds after the first nack: what comes next should go on another channel. A full quorum queue tells each channel to
    /// stop, and RabbitMQ 3.10 never tells it to go on when the policy is deleted by which the queue was full
    /// (https://github.com/rabbitmq/rabbitmq-server/issues/12206).</summary>
    public bool IsWorn => Volatile.Read(ref _nackedAt) is var since and not 0 && _clock.GetElapsedTime(since) >= WornAfter;

    /// <summary>Opens one with nothing published yet.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="clock">Measures how long ago it was nacked.</param>
    /// <param name="onBroken">Called with the reason once nothing can be published any more; it calls <see cref="EndAll"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ConfirmedChannel> OpenAsync(
        IConnection connection, TimeProvider clock, Action<string> onBroken, CancellationToken cancellationToken) =>
        new(await connection.CreateChannelAsync(Confirms, cancellationToken), clock, onBroken);

    /// <summary>Gives it the next number: it is on its way from here on. To be written in this order.</summary>
    public void Number(Flight flight) => _flights.Number(flight);

    /// <summary>Hands to the client what was numbered last, and completes when the client has taken it.</summary>
    /// <returns>False when nothing may follow it here.</returns>
    public async Task<bool> TryWriteAsync(Flight flight)
    {
        try
        {
            // No token goes into the client: a publish that is cancelled half way leaves its number in doubt.
            await _channel.BasicPublishAsync(
                flight.Exchange, flight.RoutingKey, mandatory: true, flight.Properties, flight.Body, CancellationToken.None);
            return true;
        }
        catch (Exception exception)
        {
            // Whether the broker has counted it is not known, and so no later number could be trusted.
            Fail(flight, exception);
            return false;
        }
    }

    /// <summary>Ends everything that is on its way as Unknown.</summary>
    public void EndAll(string reason) => _flights.TakeAll().ForEach(flight => flight.End(PublishOutcome.Unknown(reason)));

    /// <summary>Closes it when all that is on its way has landed, and does not call that broken. Nothing may be numbered here any more.</summary>
    public void Leave()
    {
        _isLeft = true;
        CloseIfEmpty();
    }

    private void Fail(Flight flight, Exception exception)
    {
        // These two are the message's own fault.
        if (exception is not (ArgumentException or WireFormattingException))
        {
            _onBroken($"{exception.GetType().Name} while publishing.");
            return;
        }

        var open = _flights.TryTake(flight);
        _onBroken($"{exception.GetType().Name} over a message.");
        if (open)
        {
            flight.End(PublishOutcome.Unwritable(exception));
        }
    }

    private Task OnAck(object sender, BasicAckEventArgs ack)
    {
        Land(_flights.Take(ack.DeliveryTag, ack.Multiple), PublishOutcome.Confirmed);
        return Task.CompletedTask;
    }

    private Task OnNack(object sender, BasicNackEventArgs nack)
    {
        Interlocked.CompareExchange(ref _nackedAt, _clock.GetTimestamp(), 0);
        Land(_flights.Take(nack.DeliveryTag, nack.Multiple), PublishOutcome.Refused);
        return Task.CompletedTask;
    }

    /// <summary>All that it can mean count as returned: to publish one twice does no harm, to take another's ack for it would lose it.</summary>
    private Task OnReturn(object sender, BasicReturnEventArgs returned)
    {
        var meant = _flights.Take(returned);
        if (meant.Count == 0)
        {
            _onBroken("A message was returned that is not known here.");
        }

        Land(meant, PublishOutcome.Returned(returned.Exchange, returned.RoutingKey, returned.ReplyCode, returned.ReplyText));
        return Task.CompletedTask;
    }

    private Task OnShutdown(object sender, ShutdownEventArgs shutdown)
    {
        _onBroken($"{shutdown.ReplyCode} {shutdown.ReplyText}");
        return Task.CompletedTask;
    }

    private void Land(List<Flight> landed, PublishOutcome outcome)
    {
        landed.ForEach(flight => flight.End(outcome));
        if (_isLeft)
        {
            CloseIfEmpty();
        }
    }

    private void CloseIfEmpty()
    {
        if (IsEmpty && Interlocked.Exchange(ref _closing, 1) == 0)
        {
            _channel.ChannelShutdownAsync -= OnShutdown;
            _ = CloseAsync();
        }
    }

    private async Task CloseAsync()
    {
        try
        {
            await _channel.DisposeAsync();
        }
        catch (Exception)
        {
            // It ends with the connection at the latest, and nobody waits for it.
        }
    }
}
