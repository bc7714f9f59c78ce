using System.Collections.Concurrent;
using System.Threading.Channels;
using Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Outbox.Relay;

/// <summary>What one broker connection says of rows: the lookahead learns which may follow, and the marker what to write down.</summary>
internal sealed class RowOutcomes(
    Lookahead lookahead, MarkBacklog backlog, ChannelWriter<Settlement> settled, Topology topology, RefusedRoutes refused,
    OutboxOptions options, OutboxMetrics metrics)
{
    // A row that closes the channel each time it is published is not tried as often as one that is refused.
    private const int MaxChannelsClosed = 3;

    private readonly ConcurrentQueue<OutboxRow> _unknown = new();

    /// <summary>Takes in how the publish of the row has ended.</summary>
    public void Settle(OutboxRow row, PublishOutcome outcome)
    {
        switch (outcome.Result)
        {
            case PublishResult.Confirmed:
                Confirm(row);
                break;
            case PublishResult.Rejected when outcome.Unroutable && options.Unroutable == UnroutablePolicy.Accept:
                metrics.UnroutableAccepted();
                Confirm(row);
                break;
            case PublishResult.Rejected:
                Refuse(row, outcome.Reason, outcome.Nacked ? Refusal.NeverParked : options.MaxAttempts);
                break;
            default:
                _unknown.Enqueue(row);
                break;
        }
    }

    /// <summary>The row is not to be published as it is: it is charged, and parked at this number of attempts.</summary>
    public void Refuse(OutboxRow row, string reason, int maxAttempts)
    {
        lookahead.Refused(row);
        settled.TryWrite(new Settlement(row, new Refusal(reason, maxAttempts)));
    }

    /// <summary>The connection has ended, and nothing is in flight: what became of the rest will never be known, and it is published again.
    /// That never counts against a row, but for those of an exchange or a routing key that is refused as such, and for the one that closed
    /// the channel while it was alone in it.</summary>
    /// <param name="close">The broker's close; null if it was not the broker that ended the connection.</param>
    public void PutBackUnknown(ShutdownEventArgs? close)
    {
        var explained = close is not null && refused.Explain(close, _unknown);
        foreach (var row in _unknown)
        {
            var blamed = close is not null && !explained && MayBlame(close, row);
            if (refused.ReasonOf(row) is { } reason)
            {
                Refuse(row, reason, close?.IsOverRoutingKeyOf(row) == true ? MaxClosing() : options.MaxAttempts);
            }
            else if (blamed && row.Suspect && _unknown.Count == 1)
            {
                Refuse(row, $"The broker closed the channel over this message: {close!.ReplyCode} {close.ReplyText}", MaxClosing());
            }
            else
            {
                lookahead.PutBack(row, suspect: blamed);
            }
        }
    }

    private int MaxClosing() => Math.Min(MaxChannelsClosed, options.MaxAttempts);

    private void Confirm(OutboxRow row)
    {
        Failpoint.Hit("relay.after-confirm");
        // In this order: what stands in the backlog may be marked at any moment, and the lookahead lets go only of what it knows as
        // confirmed.
        lookahead.Confirmed(row);
        backlog.Add(ConfirmedRow.Of(row));
        settled.TryWrite(new Settlement(row, Refusal: null));
    }

    /// <summary>Whether this close can be the fault of the row. An operator's close and an internal error of the broker are
    /// not; nor is a missing or forbidden exchange, where it is one that this service declares for itself.</summary>
    private bool MayBlame(ShutdownEventArgs close, OutboxRow row) => close.ReplyCode switch
    {
        Constants.ConnectionForced or Constants.InternalError or Constants.ReplySuccess => false,
        Constants.NotFound or Constants.AccessRefused => close.IsOverTopic() || !topology.Exchanges.Contains(row.Exchange),
        _ => true,
    };
}
