using System.Data;
using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Inbox;

/// <summary>One transaction: the inbox rows of some deliveries, the effects of those that are fresh, commit. It either commits
/// all of it or nothing, and throws only where the service provider is gone already.</summary>
internal sealed partial class UnitOfWork(
    InboxDefinition definition,
    QueueDefinition queue,
    HandlerRun handlers,
    ConsumerStatus status,
    InboxOptions options,
    Timings timings,
    IServiceScopeFactory scopes,
    IHostEnvironment environment,
    TimeProvider clock,
    ILogger<UnitOfWork> logger)
{
    /// <param name="deliveries">Without defects, in the order of delivery.</param>
    /// <param name="abandon">Cancelled when a shutdown can wait no longer: everything is rolled back.</param>
    public async Task<UnitOutcome> RunAsync(IReadOnlyList<Delivery> deliveries, CancellationToken abandon)
    {
        var started = clock.GetTimestamp();
        var scope = new UnitScope(scopes.CreateAsyncScope());
        var outcome = await RunInScopeAsync(scope, deliveries, abandon) with { Took = clock.GetElapsedTime(started) };
        if (outcome.RunsOn is { } runsOn)
        {
            // Nobody waits for a handler that may never end, and as long as it runs it has its scope.
            status.RunsOn(runsOn);
            _ = runsOn.ContinueWith(_ => EndAsync(scope, outcome.RetiresContext), TaskScheduler.Default);
            return outcome;
        }

        await EndAsync(scope, outcome.RetiresContext);
        return outcome;
    }

    private async Task EndAsync(UnitScope scope, bool retiresContext)
    {
        try
        {
            if (!await scope.TryEndAsync(retiresContext, timings.Grace, clock))
            {
                LogScopeLeft(queue.Name, timings.Grace);
            }
        }
        catch (Exception exception)
        {
            // Rolling back on a lost connection fails. What was to be committed has been, and what was not will not be.
            LogScopeNotDisposed(exception, queue.Name);
        }
    }

    private async Task<UnitOutcome> RunInScopeAsync(UnitScope scope, IReadOnlyList<Delivery> deliveries, CancellationToken abandon)
    {
        try
        {
            var db = scope.Db = definition.Context(scope.Services);
            // A strategy that retries lets nobody begin a transaction outside of it. It has nothing to retry here: what
            // runs inside does not throw, since which failure is tried again, when, and at whose expense is decided elsewhere.
            return await db.Database.CreateExecutionStrategy().ExecuteAsync(() => RunInTransactionAsync(scope.Services, db, deliveries, abandon));
        }
        catch (Exception exception)
        {
            return new UnitOutcome { Failure = new UnitFailure(exception, UnitPhase.Dedupe, ConnectionLost: false, deliveries) };
        }
    }

    private async Task<UnitOutcome> RunInTransactionAsync(
        IServiceProvider scope, DbContext db, IReadOnlyList<Delivery> deliveries, CancellationToken abandon)
    {
        var phase = UnitPhase.Dedupe;
        var inHand = deliveries;
        NpgsqlConnection? connection = null;
        IDbContextTransaction? transaction = null;
        try
        {
            // A savepoint around each SaveChanges would heal the transaction after an error that a handler swallows: half
            // an effect would be committed.
            db.Database.AutoSavepointsEnabled = false;
            connection = (NpgsqlConnection)db.Database.GetDbConnection();
            LetCommandsTake(options.HandlerTimeout, db, connection);
            await db.Database.OpenConnectionAsync(abandon);
            Failpoint.Hit("consume.before-inbox-insert");
            transaction = await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, abandon);
            var bounds = TransactionBounds.For(deliveries.Count, options.HandlerTimeout);
            var sorted = await Dedupe.RunAsync(connection, queue.Name, deliveries, bounds, environment, abandon);
            Failpoint.Hit("consume.after-inbox-insert");

            if (sorted.Fresh.Count > 0)
            {
                phase = UnitPhase.Handle;
                await handlers.RunAsync(scope, db, transaction, sorted.Fresh, next => inHand = next, abandon);
                inHand = deliveries;
                Failpoint.Hit("consume.after-handler");
                phase = UnitPhase.Guard;
                await TransactionGuard.CheckAsync(connection, sorted.TransactionId, bounds, environment.IsDevelopment(), abandon);
                phase = UnitPhase.Commit;
                await transaction.CommitAsync(CancellationToken.None);
                if (TransactionGuard.IsFollowedByOthers(db))
                {
                    await TransactionGuard.CheckCommittedAsync(connection, sorted.TransactionId, bounds, abandon);
                }

                Failpoint.Hit("consume.after-commit");
            }

            return new UnitOutcome { Handled = sorted.Fresh, Duplicates = sorted.Duplicates, Impostors = sorted.Impostors };
        }
        catch (Exception thrown)
        {
            var exception = thrown;
            var connectionLost = connection is not null && phase != UnitPhase.Dedupe && connection.State != ConnectionState.Open;
            if (phase == UnitPhase.Handle && !connectionLost && !TransactionGuard.IsStillOpen(db, transaction!))
            {
                exception = new HandlerEndedTransactionException(exception);
            }

            if (connection is not null && OutdatedPlan.IsBehind(thrown))
            {
                // Or the next tries would meet the other connections that have it.
                NpgsqlConnection.ClearPool(connection);
            }

            // What was thrown: a handler that has ended the transaction and then its time may run on all the same.
            var timeout = thrown as HandlerTimeoutException;
            var endsSession = connection is not null && (timeout is not null || abandon.IsCancellationRequested);
            if (endsSession)
            {
                connectionLost |= !await SessionEnd.EnforceAsync(connection!);
            }

            return new UnitOutcome
            {
                Failure = new UnitFailure(exception, phase, connectionLost, inHand),
                // One that was lost in the hands of a handler has been disposed of.
                RetiresContext = endsSession || connectionLost,
                RunsOn = timeout?.RunsOn,
            };
        }
    }

    /// <summary>Npgsql ends a command after 30 s unless told otherwise, whatever its handler may take: that would look like a database that
    /// does not answer, and be tried again and again. What the options of the context say stands.</summary>
    private static void LetCommandsTake(TimeSpan handlerTimeout, DbContext db, NpgsqlConnection connection)
    {
        if (db.Database.GetCommandTimeout() is null && connection.CommandTimeout > 0 && connection.CommandTimeout < handlerTimeout.TotalSeconds)
        {
            // EF Core rounds to the nearest second, which may come before the handler's time is over.
            db.Database.SetCommandTimeout((int)Math.Ceiling(handlerTimeout.TotalSeconds));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: a handler, or a service that it uses, was not disposed of within {Patience}, and is left alone; what its transaction has done or not done stands")]
    private partial void LogScopeLeft(string queue, TimeSpan patience);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Queue {Queue}: the scope of a unit of work could not be disposed of cleanly")]
    private partial void LogScopeNotDisposed(Exception exception, string queue);
}
