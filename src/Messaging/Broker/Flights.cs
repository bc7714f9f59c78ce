using System.Diagnostics.CodeAnalysis;

namespace Messaging;

/// <summary>The publishes whose fate is not known yet, oldest first. One clock tick looks at the oldest alone: a timer for
/// each message would cost more than the message.</summary>
internal sealed class Flights
{
    private readonly LinkedList<Flight> _flights = new();
    private readonly Lock _lock = new();
    private string? _ended;

    /// <summary>When the oldest of them began; null while there are none.</summary>
    public long? Oldest
    {
        get
        {
            using var locked = _lock.EnterScope();
            return _flights.First?.Value.StartedAt;
        }
    }

    /// <summary>False once they have been ended.</summary>
    public bool TryStart(long now, [NotNullWhen(true)] out Flight? flight)
    {
        using var locked = _lock.EnterScope();
        if (_ended is not null)
        {
            flight = null;
            return false;
        }

        flight = new Flight(now);
        _flights.AddLast(flight.Node);
        return true;
    }

    /// <summary>Its fate is known. False if it was ended with all others before.</summary>
    public bool TryLand(Flight flight)
    {
        using var locked = _lock.EnterScope();
        if (flight.Node.List is null)
        {
            return false;
        }

        _flights.Remove(flight.Node);
        return true;
    }

    /// <summary>Ends all of them as Unknown; no more can start.</summary>
    public void EndAll(string reason)
    {
        List<Flight> open;
        using (_lock.EnterScope())
        {
            _ended ??= reason;
            open = [.. _flights];
            _flights.Clear();
        }

        open.ForEach(flight => flight.End(PublishOutcome.Unknown(reason)));
    }
}
