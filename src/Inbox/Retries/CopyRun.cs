using Messaging;
using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>Copies a message that had no effect to where it waits: into a retry queue, or into the dead-letter queue. Each run completes
/// when the broker has confirmed the copy, and only then may the original be acked; or when it has refused it for good, and then the
/// delivery is marked to be rejected.</summary>
internal sealed partial class CopyRun(
    QueueDefinition queue, RetryLadder ladder, Republisher republisher, ConsumerStatus status, InboxMetrics metrics, TimeProvider clock,
    ILogger<CopyRun> logger)
{
    /// <summary>After as many failures as the delivery has now; makes a dead letter of one that has had its last try.</summary>
    /// <exception cref="OperationCanceledException">The consumer stops.</exception>
    public async Task RetryLaterAsync(Delivery delivery, Exception failure, CancellationToken stopping, CancellationToken abandon)
    {
        if (ladder.WaitAfter(delivery.Failures) is not { } wait)
        {
            await DeadLetterAsync(delivery, failure, $"Handling failed {delivery.Failures} times.", stopping, abandon);
            return;
        }

        try
        {
            var properties = RepublishedMessage.ForRetry(delivery, failure);
            await republisher.PublishAsync(status, new Copy(RetryLadder.QueueName(queue.Name, wait), properties, delivery.Body), stopping, abandon);
        }
        catch (CopyRefusedException refused)
        {
            Reject(delivery, refused);
            return;
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

    /// <param name="delivery">Any delivery.</param>
    /// <param name="failure">What its handler threw last; null where no handler saw it.</param>
    /// <param name="reason">Words without a value of the message.</param>
    /// <param name="stopping">Ends waits and further tries.</param>
    /// <param name="abandon">Ends what is running.</param>
    /// <exception cref="OperationCanceledException">The consumer stops.</exception>
    public async Task DeadLetterAsync(Delivery delivery, Exception? failure, string reason, CancellationToken stopping, CancellationToken abandon)
    {
        try
        {
            await PublishFittingAsync();
        }
        catch (CopyRefusedException refused)
        {
            Reject(delivery, refused);
            return;
        }

        Failpoint.Hit("retry.after-republish");
        metrics.DeadLettered(queue.Name);
        LogDeadLettered(failure, queue.Name, delivery.MessageId, reason);

        async Task PublishFittingAsync()
        {
            try
            {
                await PublishAsync(withHeaders: true);
            }
            catch (CopyTooLongException)
            {
                await PublishAsync(withHeaders: false);
            }
        }

        Task PublishAsync(bool withHeaders)
        {
            var properties = RepublishedMessage.ForDeath(delivery, failure, reason, clock.GetUtcNow(), withHeaders);
            return republisher.PublishAsync(status, new Copy(queue.DeadQueue, properties, delivery.Body), stopping, abandon);
        }
    }

    /// <summary>What it takes from nobody the broker still has, and moves to the dead letters by itself.</summary>
    private void Reject(Delivery delivery, CopyRefusedException refused)
    {
        delivery.IsRejected = true;
        metrics.DeadLettered(queue.Name);
        LogRejected(refused, queue.Name, delivery.MessageId);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Queue {Queue}: message {MessageId} is now a dead letter. {Reason}")]
    private partial void LogDeadLettered(Exception? exception, string queue, Guid messageId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Queue {Queue}: the broker takes no copy of message {MessageId}, and so is told to make a dead letter of it as it is")]
    private partial void LogRejected(Exception exception, string queue, Guid messageId);
}
