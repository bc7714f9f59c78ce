using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Messaging;

/// <summary>One channel in confirm mode. The broker counts what is published on it, from 1, and acks or nacks by these numbers,
/// one or all up to one (https://www.rabbitmq.com/docs/confirms). They are kept here: the client's own tracking sends the number
/// along in a header, and takes a thread of the pool for each confirm.</summary>
internal sealed class ConfirmedChannel
{
    private readonly IChannel _channel;
    private readonly Action<string> _onBroken;
    private readonly Lock _lock = new();
    private readonly Queue<Flight> _waiting = new();
    private readonly Dictionary<ulong, Flight> _unconfirmed = [];
    private ulong _last;

    // No lower number is unconfirmed.
    private ulong _lowestOpen = 1;
    private bool _sending;
    private string? _ended;

    /// <param name="channel">In confirm mode, with nothing published yet.</param>
    /// <param name="onBroken">Called with the reason once nothing can be published any more; it calls <see cref="EndAll"/>.</param>
    public ConfirmedChannel(IChannel channel, Action<string> onBroken)
    {
        (_channel, _onBroken) = (channel, onBroken);
        channel.BasicAcksAsync += OnAck;
        channel.BasicNacksAsync += OnNack;
        channel.BasicReturnAsync += OnReturn;
    }

    /// <summary>Why it is closed, if it is.</summary>
    public ShutdownEventArgs? CloseReason => _channel.CloseReason;

    /// <summary>When the oldest publish began whose fate is not known; null while there is none.</summary>
    public long? OldestStartedAt
    {
        get
        {
            using var locked = _lock.EnterScope();
            while (_lowestOpen <= _last && !_unconfirmed.ContainsKey(_lowestOpen))
            {
                _lowestOpen++;
            }

            return _unconfirmed.TryGetValue(_lowestOpen, out var flight) || _waiting.TryPeek(out flight) ? flight.StartedAt : null;
        }
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
                if (_sending)
                {
                    return;
                }

                _sending = true;
            }
        }

        if (ended is null)
        {
            _ = SendAsync();
        }
        else
        {
            flight.End(PublishOutcome.Unknown(ended));
        }
    }

    /// <summary>Ends everything as Unknown; no more is published.</summary>
    public void EndAll(string reason)
    {
        List<Flight> open;
        using (_lock.EnterScope())
        {
            _ended ??= reason;
            open = [.. _unconfirmed.Values, .. _waiting];
            _unconfirmed.Clear();
            _waiting.Clear();
        }

        open.ForEach(flight => flight.End(PublishOutcome.Unknown(reason)));
    }

    /// <summary>Hands what waits to the client, one after the other. Nobody waits for it, since it may never end: the client can
    /// hang for ever after a broker restart under load.</summary>
    private async Task SendAsync()
    {
        while (TryNumberNext(out var flight))
        {
            try
            {
                Activity.Current = flight.Origin;
                // No token goes into the client: a publish that is cancelled half way leaves its number in doubt.
                await _channel.BasicPublishAsync(
                    flight.Exchange, flight.RoutingKey, mandatory: true, flight.Properties, flight.Body, CancellationToken.None);
            }
            catch (Exception exception)
            {
                // Whether the broker has counted it is not known, and so no later number could be trusted: nothing follows here.
                Fail(flight, exception);
                return;
            }
        }
    }

    private bool TryNumberNext([NotNullWhen(true)] out Flight? flight)
    {
        using var locked = _lock.EnterScope();
        _sending = _waiting.TryDequeue(out flight);
        if (_sending)
        {
            flight!.Number = ++_last;
            _unconfirmed.Add(_last, flight);
        }

        return _sending;
    }

    private void Fail(Flight flight, Exception exception)
    {
        // These two are the message's own fault.
        if (exception is not (ArgumentException or WireFormattingException))
        {
            _onBroken($"{exception.GetType().Name} while publishing.");
            return;
        }

        bool open;
        using (_lock.EnterScope())
        {
            open = _unconfirmed.Remove(flight.Number);
        }

        _onBroken($"{exception.GetType().Name} over a message.");
        if (open)
        {
            flight.End(PublishOutcome.Unwritable(exception));
        }
    }

    private Task OnAck(object sender, BasicAckEventArgs ack)
    {
        Land(ack.DeliveryTag, ack.Multiple, PublishOutcome.Confirmed);
        return Task.CompletedTask;
    }

    private Task OnNack(object sender, BasicNackEventArgs nack)
    {
        Land(nack.DeliveryTag, nack.Multiple, PublishOutcome.Refused);
        return Task.CompletedTask;
    }

    private void Land(ulong number, bool multiple, PublishOutcome outcome)
    {
        var landed = new List<Flight>();
        using (_lock.EnterScope())
        {
            for (var next = multiple ? _lowestOpen : number; next <= number; next++)
            {
                if (_unconfirmed.Remove(next, out var flight))
                {
                    landed.Add(flight);
                }
            }

            _lowestOpen = multiple ? Math.Max(_lowestOpen, number + 1) : _lowestOpen;
        }

        landed.ForEach(flight => flight.End(outcome));
    }

    /// <summary>A return comes before the ack of its message and carries no number. All that it can mean count as returned: to
    /// publish one twice does no harm, to take another's ack for it would lose it.</summary>
    private Task OnReturn(object sender, BasicReturnEventArgs returned)
    {
        List<Flight> meant;
        using (_lock.EnterScope())
        {
            meant = [.. _unconfirmed.Values.Where(flight =>
                flight.Properties.MessageId == returned.BasicProperties.MessageId
                && flight.RoutingKey == returned.RoutingKey && flight.Exchange == returned.Exchange)];
            meant.ForEach(flight => _unconfirmed.Remove(flight.Number));
        }

        if (meant.Count == 0)
        {
            _onBroken("A message was returned that is not known here.");
        }

        meant.ForEach(flight => flight.End(
            PublishOutcome.Returned(returned.Exchange, returned.RoutingKey, returned.ReplyCode, returned.ReplyText)));
        return Task.CompletedTask;
    }
}
