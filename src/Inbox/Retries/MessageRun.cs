using Messaging;
using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>Handles one message alone, until it has had its effect, or its copy is on the way to a retry queue or to the dead letters.</summary>
internal sealed partial class MessageRun(
    QueueDefinition queue,
    UnitOfWork unit,
    FailureClassifier classifier,
    RetryLadder ladder,
    CopyRun copies,
    InboxDatabase database,
    ConsumerStatus status,
    InboxMetrics metrics,
    TimeProvider clock,
    ILogger<MessageRun> logger)
{
    private const int ContentionsAllowed = 10;
    private const int SuspicionsAllowed = 2;

    private static readonly TimeSpan ContentionPause = TimeSpan.FromMilliseconds(5);

    /// <summary>Completes when the next message may be handled. The delivery is settled by then, or will be when its copy is confirmed; it
    /// stays unacked when the consumer stops before.</summary>
    /// <param name="delivery">Any delivery, one with a defect included.</param>
    /// <param name="turn">Of its lane.</param>
    public async Task RunAsync(Delivery delivery, Turn turn)
    {
        try
        {
            if (delivery.Defect is { } defect)
            {
                await DeadLetterAsync(delivery, failure: null, defect, turn);
            }
            else
            {
                await TryUntilSettledAsync(delivery, turn);
            }
        }
        catch (OperationCanceledException) when (turn.Stopping.IsCancellationRequested)
        {
            // It comes again.
        }
    }

    /// <summary>Makes a dead letter of a message whose failure is permanent. Completes when the next one may be handled; the delivery is
    /// settled when its copy is confirmed, and stays unacked when the consumer stops before.</summary>
    public Task GiveUpAsync(Delivery delivery, Exception failure, Turn turn)
    {
        if (failure is UnreadableMessageException)
        {
            // No handler has seen it.
            return DeadLetterAsync(delivery, failure: null, failure.Message, turn);
        }

        Charge(delivery);
        return DeadLetterAsync(delivery, failure, "The failure is permanent: trying again cannot help.", turn);
    }

    private async Task TryUntilSettledAsync(Delivery delivery, Turn turn)
    {
        var contentions = 0;
        var suspicions = 0;
        while (!turn.Stopping.IsCancellationRequested)
        {
            var outcome = await unit.RunAsync([delivery], turn.Abandon);
            if (outcome.Failure is not { } failure)
            {
                await ConcludeAsync(outcome, turn);
                return;
            }

            if (turn.Abandon.IsCancellationRequested)
            {
                return;
            }

            switch (classifier.Classify(failure))
            {
                case FailureKind.Infrastructure:
                case FailureKind.PerhapsInfrastructure when suspicions++ < SuspicionsAllowed:
                    LogPaused(failure.Exception, queue.Name);
                    await database.WaitUntilItAnswersAsync(status, Causes.Told(failure.Exception), turn.Stopping);
                    continue;

                case FailureKind.Contention when ++contentions <= ContentionsAllowed || failure.Phase == UnitPhase.Dedupe:
                    await Task.Delay(Backoff.WithJitter(ContentionPause * Math.Min(contentions, ContentionsAllowed)), clock, turn.Stopping);
                    continue;

                case FailureKind.Permanent:
                    await GiveUpAsync(delivery, failure.Exception, turn);
                    return;
            }

            Charge(delivery);
            LogFailed(failure.Exception, queue.Name, delivery.MessageId, delivery.Failures);
            if (!ladder.IsImmediate(delivery.Failures))
            {
                await turn.Copies.AddAsync(delivery, copies.RetryLaterAsync(delivery, failure.Exception, turn.Stopping, turn.Abandon));
                return;
            }
        }
    }

    /// <summary>A unit has been committed: what it has settled is counted and may be acked, and what came under the id of another message
    /// becomes a dead letter.</summary>
    public async Task ConcludeAsync(UnitOutcome outcome, Turn turn)
    {
        turn.Settle([.. outcome.Handled, .. outcome.Duplicates]);
        if (outcome.Handled.Count > 0)
        {
            metrics.Handled(queue.Name, outcome.Handled.Count);
        }

        if (outcome.Duplicates.Count > 0)
        {
            metrics.DuplicatesSuppressed(queue.Name, outcome.Duplicates.Count);
        }

        foreach (var impostor in outcome.Impostors)
        {
            await DeadLetterAsync(impostor, failure: null, "Another message has been handled under this message_id: the bodies differ.", turn);
        }
    }

    private Task DeadLetterAsync(Delivery delivery, Exception? failure, string reason, Turn turn) =>
        turn.Copies.AddAsync(delivery, copies.DeadLetterAsync(delivery, failure, reason, turn.Stopping, turn.Abandon));

    private void Charge(Delivery delivery)
    {
        delivery.Failures++;
        delivery.FirstFailedAt ??= clock.GetUtcNow();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: the database fails, so consuming pauses; what has been delivered is kept and charged with nothing")]
    private partial void LogPaused(Exception exception, string queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: handling of message {MessageId} has failed {Failures} times")]
    private partial void LogFailed(Exception exception, string queue, Guid messageId, int failures);
}
