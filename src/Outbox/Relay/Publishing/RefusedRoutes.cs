using Messaging;
using RabbitMQ.Client.Events;

namespace Outbox.Relay;

/// <summary>What the broker has refused by name: exchanges that are missing or forbidden and not for this service to declare, and
/// routing keys that topic permissions forbid. That says nothing of a single row, and each try costs all rows the connection: so only
/// now and then is one made.</summary>
internal sealed class RefusedRoutes(Topology topology, TimeProvider clock)
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(10);

    // There may be as many routing keys as rows.
    private const int MaxRemembered = 1_000;

    private readonly Lock _lock = new();

    // Without a routing key where the whole exchange is refused.
    private readonly Dictionary<(string Exchange, string? RoutingKey), (string Reason, long Since)> _refused = [];

    /// <summary>Why the row is not to be published now; null if it is.</summary>
    public string? ReasonOf(OutboxRow row)
    {
        using var locked = _lock.EnterScope();
        return _refused.Count == 0 ? null : ReasonOf((row.Exchange, null)) ?? ReasonOf((row.Exchange, row.RoutingKey));
    }

    /// <summary>Takes in why the broker has closed a channel.</summary>
    /// <returns>True if it was over the exchange or the routing key of one of these rows, which were in flight: no other is to
    /// blame.</returns>
    public bool Explain(ShutdownEventArgs close, IReadOnlyCollection<OutboxRow> rows)
    {
        if (rows.FirstOrDefault(close.IsOverRoutingKeyOf) is { } forbidden)
        {
            Remember((forbidden.Exchange, forbidden.RoutingKey), $"The broker closed the channel over the routing key: {close.ReplyCode} {close.ReplyText}");
            return true;
        }

        if (rows.FirstOrDefault(row => close.IsOverExchange(row.Exchange)) is not { } refused)
        {
            return false;
        }

        if (!topology.Exchanges.Contains(refused.Exchange))
        {
            Remember((refused.Exchange, null), $"The broker closed the channel over the exchange: {close.ReplyCode} {close.ReplyText}");
        }

        return true;
    }

    private string? ReasonOf((string Exchange, string? RoutingKey) route) =>
        _refused.TryGetValue(route, out var refused) && clock.GetElapsedTime(refused.Since) < BetweenTries ? refused.Reason : null;

    private void Remember((string Exchange, string? RoutingKey) route, string reason)
    {
        using var locked = _lock.EnterScope();
        foreach (var (other, refused) in _refused)
        {
            if (clock.GetElapsedTime(refused.Since) >= BetweenTries)
            {
                _refused.Remove(other);
            }
        }

        if (_refused.Count >= MaxRemembered)
        {
            _refused.Remove(_refused.MinBy(other => other.Value.Since).Key);
        }

        _refused[route] = (reason, clock.GetTimestamp());
    }
}
