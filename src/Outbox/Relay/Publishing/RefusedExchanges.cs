using Messaging;
using RabbitMQ.Client.Events;

namespace Outbox.Relay;

/// <summary>Exchanges that are missing or forbidden at the broker and not for this service to declare. That says nothing of a
/// single row, and each try costs all rows the connection: so only now and then is one made.</summary>
internal sealed class RefusedExchanges(Topology topology, TimeProvider clock)
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string Reason, long Since)> _refused = new(StringComparer.Ordinal);

    /// <summary>Why rows of the exchange are not to be published now; null if they are.</summary>
    public string? ReasonOf(string exchange)
    {
        using var locked = _lock.EnterScope();
        return _refused.TryGetValue(exchange, out var refused) && clock.GetElapsedTime(refused.Since) < BetweenTries ? refused.Reason : null;
    }

    /// <summary>Takes in why the broker has closed a channel.</summary>
    /// <returns>True if it was over the exchange of one of these rows, which were in flight: none of them is to blame.</returns>
    public bool Explain(ShutdownEventArgs close, IEnumerable<OutboxRow> rows)
    {
        if (rows.FirstOrDefault(row => close.IsOverExchange(row.Exchange))?.Exchange is not { } exchange)
        {
            return false;
        }

        if (!topology.Exchanges.Contains(exchange))
        {
            using var locked = _lock.EnterScope();
            foreach (var (other, refused) in _refused)
            {
                if (clock.GetElapsedTime(refused.Since) >= BetweenTries)
                {
                    _refused.Remove(other);
                }
            }

            _refused[exchange] = ($"The broker closed the channel over the exchange: {close.ReplyCode} {close.ReplyText}", clock.GetTimestamp());
        }

        return true;
    }
}
