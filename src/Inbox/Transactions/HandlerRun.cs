using System.Diagnostics;
using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Inbox;

/// <summary>Runs the handlers of a batch one after another, each in bounded time, and saves what they have changed.</summary>
internal sealed class HandlerRun(QueueDefinition queue, InboxOptions options, Timings timings, InboxMetrics metrics, TimeProvider clock)
{
    /// <summary>Takes the deliveries in the order in which they are given, and tells <paramref name="taking"/> before it gives
    /// some to their handler.</summary>
    /// <exception cref="HandlerTimeoutException">One did not end in time.</exception>
    /// <exception cref="HandlerEndedTransactionException">One has ended the transaction.</exception>
    public async Task RunAsync(
        IServiceProvider scope, DbContext db, IDbContextTransaction transaction, IReadOnlyList<Delivery> fresh,
        Action<IReadOnlyList<Delivery>> taking, CancellationToken abandon)
    {
        using var deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, abandon);

        // On a thread of its own: a handler that blocks would otherwise never let this method see the deadline.
        var handling = Task.Run(() => HandleAllAsync(scope, db, transaction, fresh, taking, deadline, cancelled.Token), CancellationToken.None);
        try
        {
            await handling.WaitAsync(cancelled.Token);
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            await EndAsync(handling, abandon);
        }
    }

    private async Task HandleAllAsync(
        IServiceProvider scope, DbContext db, IDbContextTransaction transaction, IReadOnlyList<Delivery> fresh,
        Action<IReadOnlyList<Delivery>> taking, CancellationTokenSource deadline, CancellationToken cancellationToken)
    {
        var settings = ContextSettings.Of(db);
        using var unsaved = queue.SavesTogether ? new UnsavedChanges(db) : null;
        foreach (var together in HandlerBinding.Split(fresh))
        {
            cancellationToken.ThrowIfCancellationRequested();
            settings.Restore(db);
            unsaved?.BeginHandler();
            taking(together);
            var started = clock.GetTimestamp();
            // Each has the whole of its time.
            deadline.CancelAfter(options.HandlerTimeout);
            try
            {
                await HandleAsync(scope, db, together, cancellationToken);
            }
            finally
            {
                metrics.HandleTook(queue.Name, clock.GetElapsedTime(started));
            }

            TransactionGuard.CheckStillOpen(db, transaction);
        }

        if (unsaved is not null)
        {
            settings.Restore(db);
            taking(fresh);
            deadline.CancelAfter(options.HandlerTimeout);
            await unsaved.SaveAsync(cancellationToken);
        }
    }

    /// <summary>Gives the handler its grace. One that succeeds in it has succeeded.</summary>
    private async Task EndAsync(Task handling, CancellationToken abandon)
    {
        try
        {
            await handling.WaitAsync(timings.Grace, clock, CancellationToken.None);
        }
        catch (TimeoutException) when (!handling.IsCompleted)
        {
            _ = handling.ContinueWith(late => _ = late.Exception, TaskScheduler.Default);
            throw new HandlerTimeoutException(options.HandlerTimeout, isRunningStill: true);
        }
        catch (Exception) when (!abandon.IsCancellationRequested)
        {
            throw new HandlerTimeoutException(options.HandlerTimeout, isRunningStill: false);
        }
    }

    private async Task HandleAsync(IServiceProvider scope, DbContext db, IReadOnlyList<Delivery> deliveries, CancellationToken cancellationToken)
    {
        using var activity = StartActivity(deliveries);
        try
        {
            await deliveries[0].Handler!.HandleAsync(scope, deliveries, queue.Name, cancellationToken);
            if (!queue.SavesTogether)
            {
                // Now, so that the next handler of the batch sees it, and forgotten, so that it does not slow that one down.
                await db.SaveChangesAsync(cancellationToken);
                db.ChangeTracker.Clear();
            }
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
            throw;
        }
    }

    /// <summary>Goes on with the trace of the first; those of the others are linked.</summary>
    private Activity? StartActivity(IReadOnlyList<Delivery> deliveries)
    {
        var first = deliveries[0];
        var links = deliveries.Skip(1).Select(delivery => new ActivityLink(TraceOf(delivery)));
        var activity = Telemetry.Activities.StartActivity($"handle {queue.Name}", ActivityKind.Consumer, TraceOf(first), links: links);
        if (activity is null && TraceOf(first) != default)
        {
            // Nobody records spans here, but messages that the handler adds still belong to their trace.
            activity = new Activity($"handle {queue.Name}").SetParentId(first.Headers[MessageHeaders.TraceParent] as string ?? "").Start();
            activity.TraceStateString = first.Headers.GetValueOrDefault(MessageHeaders.TraceState) as string;
        }

        return activity?
            .SetTag("messaging.system", "rabbitmq")
            .SetTag("messaging.destination.name", queue.Name)
            .SetTag("messaging.batch.message_count", deliveries.Count > 1 ? deliveries.Count : null)
            .SetTag("messaging.message.id", first.MessageId)
            .SetTag("messaging.message.type", first.Handler!.MessageType);
    }

    /// <summary>The default if it has none that can be read.</summary>
    private static ActivityContext TraceOf(Delivery delivery)
    {
        var traceParent = delivery.Headers.GetValueOrDefault(MessageHeaders.TraceParent) as string;
        var traceState = delivery.Headers.GetValueOrDefault(MessageHeaders.TraceState) as string;
        return ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var trace) ? trace : default;
    }
}
