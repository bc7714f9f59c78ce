using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>Runs the handlers of a batch one after another, each in bounded time, and saves what they have changed.</summary>
internal sealed partial class HandlerRun(
    QueueDefinition queue, InboxOptions options, Timings timings, InboxMetrics metrics, TimeProvider clock, ILogger<HandlerRun> logger)
{
    private volatile bool _savesTogether = queue.SavesTogether;

    /// <summary>Takes the deliveries in the order in which they are given, and tells <paramref name="taking"/> before it gives
    /// some to their handler.</summary>
    /// <exception cref="HandlerTimeoutException">One did not end in time.</exception>
    /// <exception cref="HandlerEndedTransactionException">One has ended the transaction.</exception>
    public async Task RunAsync(
        IServiceProvider scope, DbContext db, IDbContextTransaction transaction, IReadOnlyList<Delivery> fresh,
        Action<IReadOnlyList<Delivery>> taking, CancellationToken abandon)
    {
        using var deadline = new HandlerDeadline(options.HandlerTimeout, clock, abandon);

        // On a thread of its own: a handler that blocks would otherwise never let this method see the deadline.
        var handling = Task.Run(() => HandleAllAsync(scope, db, transaction, fresh, taking, deadline), CancellationToken.None);
        try
        {
            await handling.WaitAsync(deadline.Passed);
        }
        catch (OperationCanceledException) when (deadline.Passed.IsCancellationRequested)
        {
            deadline.Cancel();
            await EndAsync(handling, abandon);
        }
    }

    private async Task HandleAllAsync(
        IServiceProvider scope, DbContext db, IDbContextTransaction transaction, IReadOnlyList<Delivery> fresh,
        Action<IReadOnlyList<Delivery>> taking, HandlerDeadline deadline)
    {
        var settings = ContextSettings.Of(db);
        using var unsaved = Watch(db);
        using var handled = new HandledContext(db, transaction, unsaved);
        try
        {
            foreach (var together in Split(fresh))
            {
                deadline.Restart();
                settings.Restore(db);
                await handled.BeginHandlerAsync(deadline.Token);
                taking(together);
                await HandleAsync(scope, handled, together, deadline.Token);
            }

            if (unsaved is not null)
            {
                deadline.Restart();
                settings.Restore(db);
                taking(fresh);
                await unsaved.SaveAsync(deadline.Token);
                handled.ThrowIfHalfSaved();
            }
        }
        finally
        {
            if (unsaved?.Unfit is { } reason)
            {
                StopSavingTogether(reason);
            }
        }
    }

    /// <summary>Gives the handler its grace. It has succeeded if it ends well in it as the last of its batch, and has saved by itself or has
    /// nothing to save: nothing is saved for it any more, and no other one begins.</summary>
    private async Task EndAsync(Task handling, CancellationToken abandon)
    {
        try
        {
            await handling.WaitAsync(timings.Grace, clock, CancellationToken.None);
        }
        catch (TimeoutException) when (!handling.IsCompleted)
        {
            throw new HandlerTimeoutException(options.HandlerTimeout, handling.ContinueWith(late => _ = late.Exception, TaskScheduler.Default));
        }
        catch (Exception) when (!abandon.IsCancellationRequested)
        {
            throw new HandlerTimeoutException(options.HandlerTimeout);
        }
    }

    /// <summary>Cuts a batch into what goes to a handler at once, keeping the order.</summary>
    private static IEnumerable<IReadOnlyList<Delivery>> Split(IReadOnlyList<Delivery> batch)
    {
        for (var start = 0; start < batch.Count;)
        {
            var end = start + 1;
            while (batch[start].Handler!.TakesSeveral && end < batch.Count && batch[end].Handler == batch[start].Handler)
            {
                end++;
            }

            yield return [.. batch.Skip(start).Take(end - start)];
            start = end;
        }
    }

    private async Task HandleAsync(
        IServiceProvider scope, HandledContext handled, IReadOnlyList<Delivery> deliveries, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        using var activity = HandlerActivity.Start(queue, deliveries);
        try
        {
            await deliveries[0].Handler!.HandleAsync(scope, deliveries, queue.Name, cancellationToken);
            await handled.EndHandlerAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
            throw;
        }
        finally
        {
            metrics.HandleTook(queue.Name, clock.GetElapsedTime(started));
        }
    }

    private UnsavedChanges? Watch(DbContext db)
    {
        if (_savesTogether && !LookInterceptor.IsIn(db))
        {
            StopSavingTogether("what they look for cannot be seen, since AddDbContext has not registered their context");
        }

        return _savesTogether ? new UnsavedChanges(db) : null;
    }

    private void StopSavingTogether(string reason)
    {
        _savesTogether = false;
        LogSavedEach(queue.Name, reason);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: its handlers are saved one by one from now on, SaveTogether() is not for them: {Reason}")]
    private partial void LogSavedEach(string queue, string reason);
}
