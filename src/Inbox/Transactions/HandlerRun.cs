using System.Diagnostics;
using Messaging;
using Microsoft.EntityFrameworkCore;

namespace Inbox;

/// <summary>Runs one message's handler and saves what it changed, in bounded time.</summary>
internal sealed class HandlerRun(QueueDefinition queue, InboxOptions options, Timings timings, InboxMetrics metrics, TimeProvider clock)
{
    /// <exception cref="HandlerTimeoutException">It did not end in time.</exception>
    public async Task RunAsync(IServiceProvider scope, DbContext db, Delivery delivery, CancellationToken abandon)
    {
        using var deadline = new CancellationTokenSource(options.HandlerTimeout, clock);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, abandon);
        var started = clock.GetTimestamp();

        // On a thread of its own: a handler that blocks would otherwise never let this method see the deadline.
        var handling = Task.Run(() => HandleAndSaveAsync(scope, db, delivery, cancelled.Token), CancellationToken.None);
        try
        {
            await handling.WaitAsync(cancelled.Token);
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            await EndAsync(handling, abandon);
        }
        finally
        {
            metrics.HandleTook(queue.Name, clock.GetElapsedTime(started));
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

    private async Task HandleAndSaveAsync(IServiceProvider scope, DbContext db, Delivery delivery, CancellationToken cancellationToken)
    {
        using var activity = StartActivity(delivery);
        try
        {
            await delivery.Handler!.HandleAsync(scope, delivery.Message!, delivery.ContextFor(queue.Name), cancellationToken);
            // Saved now, so that the next handler of the batch sees it, and forgotten, so that it does not slow that one down.
            await db.SaveChangesAsync(cancellationToken);
            db.ChangeTracker.Clear();
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
            throw;
        }
    }

    private Activity? StartActivity(Delivery delivery)
    {
        var traceParent = delivery.Headers.GetValueOrDefault(MessageHeaders.TraceParent) as string;
        var traceState = delivery.Headers.GetValueOrDefault(MessageHeaders.TraceState) as string;
        if (!ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var parent))
        {
            traceParent = null;
        }

        var activity = Telemetry.Activities.StartActivity($"handle {queue.Name}", ActivityKind.Consumer, parent);
        if (activity is null && traceParent is not null)
        {
            // Nobody records spans here, but messages that the handler adds still belong to their trace.
            activity = new Activity($"handle {queue.Name}").SetParentId(traceParent).Start();
            activity.TraceStateString = traceState;
        }

        return activity?
            .SetTag("messaging.system", "rabbitmq")
            .SetTag("messaging.destination.name", queue.Name)
            .SetTag("messaging.message.id", delivery.MessageId)
            .SetTag("messaging.message.type", delivery.Handler!.MessageType);
    }
}
