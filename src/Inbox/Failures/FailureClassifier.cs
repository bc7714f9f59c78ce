using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Inbox;

/// <summary>Tells from what was thrown, and where, what a failure means.</summary>
internal sealed partial class FailureClassifier(QueueDefinition queue, ILogger<FailureClassifier> logger)
{
    public FailureKind Classify(UnitFailure failure)
    {
        var causes = Causes.Of(failure.Exception).ToList();
        // Whatever came of it: what a handler has done after it has ended the transaction is there, and would be there twice. In COMMIT and
        // after it nothing is permanent: the next try may find the effect.
        if (failure.Phase is UnitPhase.Handle or UnitPhase.Guard
            && causes.Exists(cause => cause is PermanentFailureException or PostgresException { SqlState: InboxSql.GuardClosed }))
        {
            return FailureKind.Permanent;
        }

        if (causes.Exists(cause => cause is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.LockNotAvailable }))
        {
            return FailureKind.Contention;
        }

        if (OutdatedPlan.IsBehind(failure.Exception))
        {
            return FailureKind.Contention;
        }

        return failure.Phase switch
        {
            // No handler has run: whatever it was, it was not the message.
            UnitPhase.Dedupe => FailureKind.Infrastructure,
            // A deferred constraint speaks up at COMMIT; that is the handler's.
            UnitPhase.Commit when causes.Exists(cause => cause is PostgresException postgres && !IsInfrastructure(postgres)) => FailureKind.Transient,
            // Such a constraint may also end the session, or look like a full disk; or it is an interceptor of the context. Over this message
            // each time or over any.
            UnitPhase.Commit => FailureKind.PerhapsInfrastructure,
            // Before the rules of the queue: one for the errors of a save would take a lost connection for one too. A handler whose time is
            // over is among these: it may have waited for a database that has fallen silent.
            _ when failure.ConnectionLost || causes.Exists(IsInfrastructure) => FailureKind.PerhapsInfrastructure,
            _ when causes.Exists(cause => queue.PermanentRules.Exists(rule => Says(rule, cause))) => FailureKind.Permanent,
            _ => FailureKind.Transient,
        };
    }

    /// <summary>A rule that fails says nothing: the message would otherwise take the consumer down.</summary>
    private bool Says(Func<Exception, bool> rule, Exception cause)
    {
        try
        {
            return rule(cause);
        }
        catch (Exception fault)
        {
            LogRuleFailed(fault, queue.Name);
            return false;
        }
    }

    private static bool IsInfrastructure(Exception cause) => cause switch
    {
        PostgresException postgres => postgres.SqlState[..2] switch
        {
            // Connection exceptions, insufficient resources (disk full, out of memory, too many connections), operator
            // intervention (shutdown, start-up), system errors.
            "08" or "53" or "58" => true,
            "57" => postgres.SqlState is not PostgresErrorCodes.QueryCanceled,
            // A server that became read-only in a failover; a session ended for lying idle.
            "25" => postgres.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction or "25P03",
            _ => false,
        },
        // The pool is exhausted, or the server does not answer.
        NpgsqlException { InnerException: IOException or SocketException or TimeoutException } => true,
        _ => false,
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "Queue {Queue}: a rule of TreatAsPermanent has failed, and counts as one that says no")]
    private partial void LogRuleFailed(Exception exception, string queue);
}
