using RabbitMQ.Client.Events;

namespace Messaging;

/// <summary>What is on its way on one channel, by the numbers that the broker acks and nacks by: it counts from 1, and may mean one or
/// all up to one (https://www.rabbitmq.com/docs/confirms).</summary>
internal sealed class UnconfirmedFlights
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Flight> _flights = [];
    private ulong _last;

    // No lower number is unconfirmed.
    private ulong _lowestOpen = 1;

    public bool IsEmpty
    {
        get
        {
            using var locked = _lock.EnterScope();
            return _flights.Count == 0;
        }
    }

    /// <summary>When the oldest publish began; null while there is none.</summary>
    public long? OldestStartedAt
    {
        get
        {
            using var locked = _lock.EnterScope();
            while (_lowestOpen <= _last && !_flights.ContainsKey(_lowestOpen))
            {
                _lowestOpen++;
            }

            return _flights.TryGetValue(_lowestOpen, out var flight) ? flight.StartedAt : null;
        }
    }

    public void Number(Flight flight)
    {
        using var locked = _lock.EnterScope();
        flight.Number = ++_last;
        _flights.Add(_last, flight);
    }

    /// <summary>Takes out one that was numbered; false when it has landed before.</summary>
    public bool TryTake(Flight flight)
    {
        using var locked = _lock.EnterScope();
        return _flights.Remove(flight.Number);
    }

    /// <summary>Takes out what an ack or nack means.</summary>
    public List<Flight> Take(ulong number, bool multiple)
    {
        using var locked = _lock.EnterScope();
        var taken = new List<Flight>();
        for (var next = multiple ? _lowestOpen : number; next <= number; next++)
        {
            if (_flights.Remove(next, out var flight))
            {
                taken.Add(flight);
            }
        }

        _lowestOpen = multiple ? Math.Max(_lowestOpen, number + 1) : _lowestOpen;
        return taken;
    }

    /// <summary>Takes out all that a return can mean: it comes before the ack of its message and carries no number.</summary>
    public List<Flight> Take(BasicReturnEventArgs returned)
    {
        using var locked = _lock.EnterScope();
        List<Flight> taken = [.. _flights.Values.Where(flight =>
            flight.Properties.MessageId == returned.BasicProperties.MessageId
            && flight.RoutingKey == returned.RoutingKey && flight.Exchange == returned.Exchange)];
        taken.ForEach(flight => _flights.Remove(flight.Number));
        return taken;
    }

    public List<Flight> TakeAll()
    {
        using var locked = _lock.EnterScope();
        List<Flight> taken = [.. _flights.Values];
        _flights.Clear();
        return taken;
    }
}
