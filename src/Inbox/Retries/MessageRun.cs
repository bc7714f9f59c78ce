using Messaging;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>Handles one message alone, until it has had its effect, waits in a retry queue, or is a dead letter.</summary>
internal sealed partial class MessageRun(
    QueueDefinition queue,
    UnitOfWork unit,
    FailureClassifier classifier,
    RetryLadder ladder,
    Republisher republisher,
    InboxDatabase database,
    ConsumerStatus status,
    InboxMetrics metrics,
    TimeProvider clock,
    ILogger<MessageRun> logger)
{
    private const int ContentionsAllowed = 10;
    private const int SuspicionsAllowed = 2;

    private static readonly TimeSpan ContentionPause = TimeSpan.FromMilliseconds(5);

    /// <returns>True when the delivery may be acked; false when it stays unacked, because the consumer stops.</returns>
    /// <param name="delivery">Any delivery, one with a defect included.</param>
    /// <param name="stopping">Ends waits and further tries.</param>
    /// <param name="abandon">Ends what is running.</param>
    public async Task<bool> RunAsync(Delivery delivery, CancellationToken stopping, CancellationToken abandon)
    {
        try
        {
            if (delivery.Defect is { } defect)
            {
                await DeadLetterAsync(delivery, failure: null, defect, stopping, abandon);
                return true;
            }

            return await TryUntilSettledAsync(delivery, stopping, abandon);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>For a permanent failure that has come up in a batch.</summary>
    /// <returns>As <see cref="RunAsync"/>.</returns>
    public async Task<bool> GiveUpAsync(Delivery delivery, Exception failure, CancellationToken stopping, CancellationToken abandon)
    {
        try
        {
            await DeadLetterHopelessAsync(delivery, failure, stopping, abandon);
            return true;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<bool> TryUntilSettledAsync(Delivery delivery, CancellationToken stopping, CancellationToken abandon)
    {
        var contentions = 0;
        var suspicions = 0;
        while (!stopping.IsCancellationRequested)
        {
            var outcome = await unit.RunAsync([delivery], abandon);
            if (outcome.Failure is not { } failure)
            {
                await ConcludeAsync(outcome, stopping, abandon);
                return true;
            }

            if (abandon.IsCancellationRequested)
            {
                return false;
            }

            switch (classifier.Classify(failure))
            {
                case FailureKind.Infrastructure:
                case FailureKind.PerhapsInfrastructure when suspicions++ < SuspicionsAllowed:
                    LogPaused(failure.Exception, queue.Name);
                    await database.WaitUntilItAnswersAsync(status, failure.Exception.GetBaseException().Message, stopping);
                    continue;

                case FailureKind.Contention when ++contentions <= ContentionsAllowed || failure.Phase == UnitPhase.Dedupe:
                    await Task.Delay(Backoff.WithJitter(ContentionPause * Math.Min(contentions, ContentionsAllowed)), clock, stopping);
                    continue;

                case FailureKind.Permanent:
                    await DeadLetterHopelessAsync(delivery, failure.Exception, stopping, abandon);
                    return true;
            }

            Charge(delivery);
            LogFailed(failure.Exception, queue.Name, delivery.MessageId, delivery.Failures);
            if (!ladder.IsImmediate(delivery.Failures))
            {
                await RetryLaterAsync(delivery, failure.Exception, stopping, abandon);
                return true;
            }
        }

        return false;
    }

    /// <summary>A unit has been committed: what came under the id of another message becomes a dead letter, and the rest is counted.</summary>
    public async Task ConcludeAsync(UnitOutcome outcome, CancellationToken stopping, CancellationToken abandon)
    {
        foreach (var impostor in outcome.Impostors)
        {
            await DeadLetterAsync(impostor, failure: null, "Another message has been handled under this message_id: the bodies differ.", stopping, abandon);
        }

        if (outcome.Handled.Count > 0)
        {
            metrics.Handled(queue.Name, outcome.Handled.Count);
        }

        if (outcome.Duplicates.Count > 0)
        {
            metrics.DuplicatesSuppressed(queue.Name, outcome.Duplicates.Count);
        }
    }

    private Task DeadLetterHopelessAsync(Delivery delivery, Exception failure, CancellationToken stopping, CancellationToken abandon)
    {
        Charge(delivery);
        return DeadLetterAsync(delivery, failure, "The handler says that trying again cannot help.", stopping, abandon);
    }

    private void Charge(Delivery delivery)
    {
        delivery.Failures++;
        delivery.FirstFailedAt ??= clock.GetUtcNow();
    }

    private async Task RetryLaterAsync(Delivery delivery, Exception failure, CancellationToken stopping, CancellationToken abandon)
    {
        if (ladder.WaitAfter(delivery.Failures) is not { } wait)
        {
            await DeadLetterAsync(delivery, failure, $"Handling failed {delivery.Failures} times.", stopping, abandon);
            return;
        }

        try
        {
            var copy = RepublishedMessage.ForRetry(delivery, failure);
            await republisher.PublishAsync(status, RetryLadder.QueueName(queue.Name, wait), copy, delivery.Body, stopping, abandon);
        }
        catch (CopyTooLongException)
        {
            // Without its headers it would be another message to its handler.
            await DeadLetterAsync(delivery, failure, "Handling failed, and the headers leave no room for those of a retry.", stopping, abandon);
            return;
        }

        Failpoint.Hit("retry.after-republish");
        metrics.Retried(queue.Name);
    }

    private async Task DeadLetterAsync(Delivery delivery, Exception? failure, string reason, CancellationToken stopping, CancellationToken abandon)
    {
        try
        {
            await PublishAsync(withHeaders: true);
        }
        catch (CopyTooLongException)
        {
            await PublishAsync(withHeaders: false);
        }

        Failpoint.Hit("retry.after-republish");
        metrics.DeadLettered(queue.Name);
        LogDeadLettered(failure, queue.Name, delivery.MessageId, reason);

        Task PublishAsync(bool withHeaders)
        {
            var copy = RepublishedMessage.ForDeath(delivery, failure, reason, clock.GetUtcNow(), withHeaders);
            return republisher.PublishAsync(status, queue.DeadQueue, copy, delivery.Body, stopping, abandon);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: the database fails, so consuming pauses; what has been delivered is kept and charged with nothing")]
    private partial void LogPaused(Exception exception, string queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: handling of message {MessageId} has failed {Failures} times")]
    private partial void LogFailed(Exception exception, string queue, Guid messageId, int failures);

    [LoggerMessage(Level = LogLevel.Error, Message = "Queue {Queue}: message {MessageId} is now a dead letter. {Reason}")]
    private partial void LogDeadLettered(Exception? exception, string queue, Guid messageId, string reason);
}
