using System.Diagnostics.Metrics;
using Messaging;

namespace Inbox;

/// <summary>What the consumers count, each with the tag "queue".</summary>
internal sealed class InboxMetrics
{
    // In seconds. Those that exporters choose by themselves begin at 5.
    private static readonly double[] Boundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly Counter<long> _handled;
    private readonly Counter<long> _duplicatesSuppressed;
    private readonly Counter<long> _retried;
    private readonly Counter<long> _deadLettered;
    private readonly Counter<long> _failedAcks;
    private readonly Histogram<double> _handleDuration;

    public InboxMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(Telemetry.InboxMeterName);
        _handled = meter.CreateCounter<long>("inbox.handled", "{message}", "Messages whose effect was committed.");
        _duplicatesSuppressed = meter.CreateCounter<long>(
            "inbox.duplicates_suppressed", "{message}", "Deliveries of messages that had had their effect before.");
        _retried = meter.CreateCounter<long>("inbox.retried", "{message}", "Messages put into a retry queue.");
        _deadLettered = meter.CreateCounter<long>("inbox.dead_lettered", "{message}", "Messages put into a dead-letter queue.");
        _failedAcks = meter.CreateCounter<long>(
            "inbox.failed_acks", "{message}", "Settled deliveries whose ack could not be sent; they come again and are suppressed.");
        _handleDuration = meter.CreateHistogram(
            "inbox.handle.duration", "s", "How long one call of a handler took, with its saving where that is not done for a whole batch.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.. Boundaries] });
    }

    /// <summary>From here on the counters of the queue are there, all at zero: a first dead letter would not show as a rise otherwise.</summary>
    public void Begin(string queue)
    {
        foreach (var counter in (Counter<long>[])[_handled, _duplicatesSuppressed, _retried, _deadLettered, _failedAcks])
        {
            counter.Add(0, Tag(queue));
        }
    }

    public void Handled(string queue, int messages) => _handled.Add(messages, Tag(queue));

    public void DuplicatesSuppressed(string queue, int messages) => _duplicatesSuppressed.Add(messages, Tag(queue));

    public void Retried(string queue) => _retried.Add(1, Tag(queue));

    public void DeadLettered(string queue) => _deadLettered.Add(1, Tag(queue));

    public void FailedAcks(string queue, int messages) => _failedAcks.Add(messages, Tag(queue));

    public void HandleTook(string queue, TimeSpan duration) => _handleDuration.Record(duration.TotalSeconds, Tag(queue));

    private static KeyValuePair<string, object?> Tag(string queue) => new("queue", queue);
}
