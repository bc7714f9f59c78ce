using Messaging;
using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>Handles one message alone, until it has had its effect, or its copy is on the way to a retry queue or to the dead letters.</summary>
internal sealed partial class MessageRun(
    QueueDefinition queue,
    UnitOfWork unit,
    UnitConclusion conclusion,
    FailureClassifier classifier,
    RetryLadder ladder,
    CopyRun copies,
    InboxDatabase database,
    ConsumerStatus status,
    InboxOptions options,
    TimeProvider clock,
    ILogger<MessageRun> logger)
{
    private const int ContentionsAllowed = 10;
    private const int SuspicionsAllowed = 2;

    private static readonly TimeSpan ContentionPause = TimeSpan.FromMilliseconds(5);

    /// <summary>Completes when the next message may be handled. The delivery is settled by then, or will be when its copy is confirmed; it
    /// stays unacked when the consumer stops before.</summary>
    /// <param name="delivery">Any delivery, one with a defect included.</param>
    /// <param name="term">Of its lane.</param>
    public async Task RunAsync(Delivery delivery, LaneTerm term)
    {
        try
        {
            if (delivery.Defect is { } defect)
            {
                await copies.DeadLetterAsync(delivery, failure: null, defect, term);
            }
            else
            {
                await TryUntilSettledAsync(delivery, term);
            }
        }
        catch (OperationCanceledException) when (term.Stopping.IsCancellationRequested)
        {
            // It comes again.
        }
    }

    /// <summary>Makes a dead letter of a message whose failure is permanent. Completes when the next one may be handled; the delivery is
    /// settled when its copy is confirmed, and stays unacked when the consumer stops before.</summary>
    public Task GiveUpAsync(Delivery delivery, Exception failure, LaneTerm term)
    {
        if (failure is UnreadableMessageException)
        {
            // No handler has seen it.
            return copies.DeadLetterAsync(delivery, failure: null, failure.Message, term);
        }

        Charge(delivery);
        return copies.DeadLetterAsync(delivery, failure, "The failure is permanent: trying again cannot help.", term);
    }

    private async Task TryUntilSettledAsync(Delivery delivery, LaneTerm term)
    {
        var contentions = 0;
        var suspicions = 0;
        // One series for all its tries: a database that answers may refuse the message all the same, for as long as its disk is full.
        var pauses = database.NewPauses();
        while (!term.Stopping.IsCancellationRequested)
        {
            var outcome = await RunUnlessLockedOutAsync(delivery, term);
            if (outcome.Failure is not { } failure)
            {
                await conclusion.ConcludeAsync(outcome, term);
                return;
            }

            if (term.Abandon.IsCancellationRequested)
            {
                return;
            }

            switch (classifier.Classify(failure))
            {
                case FailureKind.Infrastructure:
                case FailureKind.PerhapsInfrastructure when suspicions++ < SuspicionsAllowed:
                    LogPaused(failure.Exception, queue.Name);
                    await database.WaitUntilItAnswersAsync(status, Causes.Told(failure.Exception), pauses, term.Stopping);
                    continue;

                case FailureKind.Contention when ++contentions <= ContentionsAllowed:
                    await PauseAsync(contentions, term.Stopping);
                    continue;

                case FailureKind.Permanent:
                    await GiveUpAsync(delivery, failure.Exception, term);
                    return;
            }

            Charge(delivery);
            LogFailed(failure.Exception, queue.Name, delivery.MessageId, delivery.Failures);
            if (!ladder.IsImmediate(delivery.Failures))
            {
                await copies.RetryLaterAsync(delivery, failure.Exception, term);
                return;
            }
        }
    }

    /// <summary>Tries for as long as somebody keeps the message, or the table of the inbox, from it: no handler has run. Another consumer that
    /// has the message in hand lets go of it in the time of a handler; who keeps it for longer is to be seen.</summary>
    private async Task<UnitOutcome> RunUnlessLockedOutAsync(Delivery delivery, LaneTerm term)
    {
        var started = clock.GetTimestamp();
        IDisposable? held = null;
        try
        {
            for (var tries = 1; ; tries++)
            {
                var outcome = await unit.RunAsync([delivery], term.Abandon);
                if (term.Stopping.IsCancellationRequested
                    || outcome.Failure is not { Phase: UnitPhase.Dedupe } failure || classifier.Classify(failure) != FailureKind.Contention)
                {
                    return outcome;
                }

                if (held is null && clock.GetElapsedTime(started) > options.HandlerTimeout)
                {
                    held = status.Hold("waits for a lock on inbox_message that another session does not let go of");
                    LogLockedOut(failure.Exception, queue.Name, delivery.MessageId);
                }

                await PauseAsync(tries, term.Stopping);
            }
        }
        finally
        {
            held?.Dispose();
        }
    }

    private Task PauseAsync(int contentions, CancellationToken stopping) =>
        Task.Delay(Backoff.WithJitter(ContentionPause * Math.Min(contentions, ContentionsAllowed)), clock, stopping);

    private void Charge(Delivery delivery)
    {
        delivery.Failures++;
        delivery.FirstFailedAt ??= clock.GetUtcNow();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: the database fails, so consuming pauses; what has been delivered is kept and charged with nothing")]
    private partial void LogPaused(Exception exception, string queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: another session holds message {MessageId}, or the table inbox_message, for longer than a handler may take; the message waits, and is charged with nothing")]
    private partial void LogLockedOut(Exception exception, string queue, Guid messageId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: handling of message {MessageId} has failed {Failures} times")]
    private partial void LogFailed(Exception exception, string queue, Guid messageId, int failures);
}
