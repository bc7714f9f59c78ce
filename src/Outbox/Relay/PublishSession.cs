using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Outbox.Relay;

/// <summary>Publishes over one broker connection until it breaks.</summary>
internal sealed class PublishSession(
    ConfirmedPublisher publisher, Lookahead lookahead, ChannelWriter<Settlement> settled, Topology topology,
    RefusedExchanges refused, string appId, OutboxOptions options, OutboxMetrics metrics)
{
    // A row that closes the channel each time it is published alone is not tried as often as one that is refused.
    private const int MaxChannelsClosed = 3;

    private readonly Lock _gate = new();
    private readonly List<OutboxRow> _unknown = [];
    private CancellationToken _stop;
    private int _inFlight;

    // A full window is left to empty by half: the broker takes a burst of messages with less work than the same messages
    // one by one, each let in by a confirm.
    private bool _full;

    /// <summary>Publishes what the lookahead offers and returns when the connection has broken or publishing is to stop; every
    /// row that was in flight has been settled or put back by then.</summary>
    public async Task RunAsync(StagePulse pulse, RelayStatus status, CancellationToken stopTaking)
    {
        publisher.BlockedChanged += lookahead.Publishable.Set;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopTaking, publisher.Broken);
        _stop = stop.Token;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                pulse.Busy(options.Lease);
                if (publisher.IsBlocked)
                {
                    status.BrokerPaused();
                    pulse.Idle();
                    await lookahead.Publishable.WaitAsync(stop.Token);
                    continue;
                }

                status.BrokerWorks();
                PublishWhatMayGo();
                // A broken or overdue publish ends the wait too, so it is bounded whenever something is in flight.
                pulse.Idle();
                await lookahead.Publishable.WaitAsync(stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }

        while (AreAnyInFlight())
        {
            await lookahead.Publishable.WaitAsync(CancellationToken.None);
        }

        PutBackUnknown();
    }

    /// <summary>Called by the loop when something new may go, and by whoever has settled a row, since that makes room and lets
    /// the next of its key go: waking the loop for each confirm would cost more than the publish.</summary>
    private void PublishWhatMayGo()
    {
        while (TryTake(out var row))
        {
            Publish(row);
        }
    }

    private bool TryTake([NotNullWhen(true)] out OutboxRow? row)
    {
        using var locked = _gate.EnterScope();
        row = null;
        var window = lookahead.Suspects > 0 ? 1 : options.InFlight;
        _full = _inFlight >= window || (_full && _inFlight > window / 2);
        if (_full || _stop.IsCancellationRequested || publisher.IsBlocked || !lookahead.TryTake(out row))
        {
            return false;
        }

        _inFlight++;
        return true;
    }

    // Under the gate: whoever was about to take a row has either taken it by now, or will see that publishing has stopped.
    private bool AreAnyInFlight()
    {
        using var locked = _gate.EnterScope();
        return _inFlight > 0;
    }

    private void Publish(OutboxRow row)
    {
        if (refused.ReasonOf(row.Exchange) is { } reason)
        {
            Refuse(row, reason, options.MaxAttempts);
            Land();
        }
        else if (MessageEnvelope.For(row, appId, publisher.MaxFrameBytes, out var refusal) is { } properties)
        {
            _ = PublishAsync(row, properties);
        }
        else
        {
            Refuse(row, refusal, maxAttempts: 1);
            Land();
        }
    }

    private void Land()
    {
        using var locked = _gate.EnterScope();
        // Only a stop waits for it: with one message at a time on its way, each would wake the loop for nothing.
        if (--_inFlight == 0 && _stop.IsCancellationRequested)
        {
            lookahead.Publishable.Set();
        }
    }

    private async Task PublishAsync(OutboxRow row, BasicProperties properties)
    {
        Failpoint.Hit("relay.before-publish");
        // The row's span is the parent of the client's own publish span. Nothing is made where nobody listens.
        using (row.TraceParent is null ? null : Telemetry.Activities.StartActivity("outbox relay", ActivityKind.Internal, row.TraceParent))
        {
            var publish = publisher.PublishAsync(row.Exchange, row.RoutingKey, properties, row.Body, inline: true);
            Failpoint.Hit("relay.after-publish");
            Settle(row, await publish);
        }

        Land();
        PublishWhatMayGo();
    }

    private void Settle(OutboxRow row, PublishOutcome outcome)
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
                Refuse(row, outcome.Reason, outcome.Nacked ? Settlement.NeverParked : options.MaxAttempts);
                break;
            default:
                lock (_unknown)
                {
                    _unknown.Add(row);
                }

                break;
        }
    }

    private void Confirm(OutboxRow row)
    {
        Failpoint.Hit("relay.after-confirm");
        lookahead.Confirmed(row);
        settled.TryWrite(new Settlement(row));
    }

    private void Refuse(OutboxRow row, string? reason, int maxAttempts)
    {
        lookahead.Refused(row);
        settled.TryWrite(new Settlement(row, reason, maxAttempts));
    }

    /// <summary>Unknown never counts against a row, but for those of an exchange that is refused as such, and for the one that
    /// closed the channel while it was alone in it.</summary>
    private void PutBackUnknown()
    {
        var close = publisher.ServerClose;
        var explained = close is not null && refused.Explain(close, _unknown);
        foreach (var row in _unknown)
        {
            var blamed = close is not null && !explained && MayBlame(close, row);
            if (refused.ReasonOf(row.Exchange) is { } reason)
            {
                Refuse(row, reason, options.MaxAttempts);
            }
            else if (blamed && row.Suspect && _unknown.Count == 1)
            {
                Refuse(
                    row, $"The broker closed the channel over this message: {close!.ReplyCode} {close.ReplyText}", Math.Min(MaxChannelsClosed, options.MaxAttempts));
            }
            else
            {
                lookahead.PutBack(row, suspect: blamed);
            }
        }
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
