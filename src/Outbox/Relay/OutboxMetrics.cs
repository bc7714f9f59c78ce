using System.Diagnostics.Metrics;
using Messaging;

namespace Outbox.Relay;

/// <summary>Counters of the relay, and the backlog as its owner saw it last.</summary>
internal sealed class OutboxMetrics
{
    private readonly Counter<long> _sent;
    private readonly Counter<long> _deferred;
    private readonly Counter<long> _parked;
    private readonly Counter<long> _unroutableAccepted;
    private volatile BacklogSample? _backlog;

    public OutboxMetrics(IMeterFactory meters, RelayStatus status)
    {
        var meter = meters.Create(Telemetry.OutboxMeterName);
        _sent = meter.CreateCounter<long>("outbox.sent", "{row}", "Rows marked sent after the broker's confirm.");
        _deferred = meter.CreateCounter<long>("outbox.deferred", "{row}", "Refusals by the broker after which the row is tried again.");
        _parked = meter.CreateCounter<long>("outbox.parked", "{row}", "Rows given up on until an operator acts.");
        _unroutableAccepted = meter.CreateCounter<long>("outbox.unroutable_accepted", "{row}", "Rows marked sent although no queue was bound.");
        meter.CreateObservableGauge("outbox.owner", () => status.Owns ? 1 : 0, description: "1 while this process owns the outbox.");
        meter.CreateObservableGauge("outbox.pending", () => Observe(sample => sample.Pending + sample.Deferred), "{row}", "Rows that wait to be sent, deferred ones included.");
        meter.CreateObservableGauge("outbox.waiting_deferred", () => Observe(sample => sample.Deferred), "{row}", "Rows that wait for their next attempt.");
        meter.CreateObservableGauge("outbox.waiting_parked", () => Observe(sample => sample.Parked), "{row}", "Rows that wait for an operator.");
        meter.CreateObservableGauge("outbox.oldest_age", () => Observe(sample => sample.OldestAge.TotalSeconds), "s", "Age of the oldest row that waits to be sent.");
    }

    /// <summary>From here on the counters are there, all at zero: a first parked row would not show as a rise otherwise.</summary>
    public void Begin()
    {
        foreach (var counter in (Counter<long>[])[_sent, _deferred, _parked, _unroutableAccepted])
        {
            counter.Add(0);
        }
    }

    public void Sent(int rows) => _sent.Add(rows);

    public void Deferred() => _deferred.Add(1);

    public void Parked() => _parked.Add(1);

    public void UnroutableAccepted() => _unroutableAccepted.Add(1);

    /// <summary>Null when this process is not the owner any more: only the owner speaks for the table.</summary>
    public void Observed(BacklogSample? backlog) => _backlog = backlog;

    private IEnumerable<Measurement<T>> Observe<T>(Func<BacklogSample, T> value)
        where T : struct => _backlog is { } backlog ? [new Measurement<T>(value(backlog))] : [];
}
