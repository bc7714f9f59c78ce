using System.Diagnostics.CodeAnalysis;
using Messaging;
using RabbitMQ.Client;

namespace Outbox.Relay;

/// <summary>Publishes over one broker connection until it breaks.</summary>
internal sealed class PublishSession(
    ConfirmedPublisher publisher, Lookahead lookahead, RowOutcomes outcomes, RefusedRoutes refused, RelayStatus status, string appId,
    OutboxOptions options)
{
    private readonly Lock _gate = new();
    private CancellationToken _stop;
    private int _inFlight;

    // A full window is left to empty by half: the broker takes a burst of messages with less work than the same messages
    // one by one, each let in by a confirm.
    private bool _full;

    /// <summary>Publishes what the lookahead offers and returns when the connection has broken or publishing is to stop; every
    /// row that was in flight has been settled or put back by then.</summary>
    public async Task RunAsync(StagePulse pulse, CancellationToken stopTaking)
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
                    status.BrokerPaused(true);
                    pulse.Idle();
                    await lookahead.Publishable.WaitAsync(stop.Token);
                    continue;
                }

                status.BrokerPaused(false);
                PublishWhatMayGo();
                if (!AreAnyInFlight() && !publisher.Broken.IsCancellationRequested)
                {
                    status.BrokerWorks();
                }

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

        outcomes.PutBackUnknown(publisher.ServerClose);
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
        // Of a break, the stop hears a moment later, and each row that was taken until then would end at once and take the next.
        if (_full || _stop.IsCancellationRequested || publisher.Broken.IsCancellationRequested || publisher.IsBlocked || !lookahead.TryTake(out row))
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
        if (refused.ReasonOf(row) is { } reason)
        {
            outcomes.Refuse(row, reason, options.MaxAttempts);
            Land();
        }
        else if (MessageEnvelope.TryMake(row, appId, publisher.MaxFrameBytes, out var properties, out var refusal))
        {
            _ = PublishAsync(row, properties);
        }
        else
        {
            outcomes.Refuse(row, refusal, maxAttempts: 1);
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
        using (PublishActivity.Start("outbox relay", row.TraceParent))
        {
            var publish = publisher.PublishAsync(row.Exchange, row.RoutingKey, properties, row.Body, inline: true);
            Failpoint.Hit("relay.after-publish");
            var outcome = await publish;
            outcomes.Settle(row, outcome);
            if (outcome.Result != PublishResult.Unknown)
            {
                status.BrokerWorks();
            }
        }

        Land();
        PublishWhatMayGo();
    }
}
