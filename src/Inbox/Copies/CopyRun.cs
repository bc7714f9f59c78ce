using Messaging;
using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>Copies a message that had no effect to where it waits: into a retry queue, or into the dead-letter queue. The delivery is settled
/// when the broker has confirmed the copy; or has refused it for good, and then it is marked to be rejected. It stays unacked when the
/// consumer stops before. The methods complete when the next message may be handled.</summary>
internal sealed partial class CopyRun(
    QueueDefinition queue, RetryLadder ladder, CopyPublisher publisher, ConsumerStatus status, InboxMetrics metrics, TimeProvider clock,
    ILogger<CopyRun> logger)
{
    /// <summary>After as many failures as the delivery has now; makes a dead letter of one that has had its last try.</summary>
    public Task RetryLaterAsync(Delivery delivery, Exception failure, LaneTerm term) => ladder.WaitAfter(delivery.Failures) is { } wait
        ? term.Copies.AddAsync(delivery, CopyForRetryAsync(delivery, failure, wait, term))
        : DeadLetterAsync(delivery, failure, $"Handling failed {delivery.Failures} times.", term);

    /// <param name="delivery">Any delivery.</param>
    /// <param name="failure">What its handler threw last; null where no handler saw it.</param>
    /// <param name="reason">Words without a value of the message.</param>
    /// <param name="term">Of its lane.</param>
    public Task DeadLetterAsync(Delivery delivery, Exception? failure, string reason, LaneTerm term) =>
        term.Copies.AddAsync(delivery, CopyDeadAsync(delivery, failure, reason, term));

    private async Task CopyForRetryAsync(Delivery delivery, Exception failure, long wait, LaneTerm term)
    {
        try
        {
            var properties = CopyProperties.ForRetry(delivery, failure);
            await publisher.PublishAsync(status, new Copy(RetryLadder.QueueName(queue.Name, wait), properties, delivery.Body), term.Stopping, term.Abandon);
        }
        catch (CopyRefusedException refused)
        {
            Reject(delivery, refused);
            return;
        }
        catch (CopyTooLongException)
        {
            // Without its headers it would be another message to its handler.
            await CopyDeadAsync(delivery, failure, "Handling failed, and the headers leave no room for those of a retry.", term);
            return;
        }

        Failpoint.Hit("retry.after-republish");
        metrics.Retried(queue.Name);
    }

    private async Task CopyDeadAsync(Delivery delivery, Exception? failure, string reason, LaneTerm term)
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
            var properties = CopyProperties.ForDeath(delivery, failure, reason, clock.GetUtcNow(), withHeaders);
            return publisher.PublishAsync(status, new Copy(queue.DeadQueue, properties, delivery.Body), term.Stopping, term.Abandon);
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
