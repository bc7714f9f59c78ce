using System.Net.Sockets;
using Npgsql;

namespace Inbox;

/// <summary>Tells from what was thrown, and where, what a failure means.</summary>
internal sealed class FailureClassifier(QueueDefinition queue)
{
    public FailureKind Classify(UnitFailure failure)
    {
        var causes = Causes(failure.Exception).ToList();
        if (causes.Exists(cause => cause is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.LockNotAvailable }))
        {
            return FailureKind.Contention;
        }

        if (causes.Exists(cause => cause is PostgresException { SqlState: InboxSql.GuardClosed }))
        {
            return FailureKind.Permanent;
        }

        return failure.Phase switch
        {
            // No handler has run: whatever it was, it was not the message.
            UnitPhase.Dedupe => FailureKind.Infrastructure,
            // A deferred constraint speaks up at COMMIT; that is the handler's. All else that COMMIT can say is not.
            UnitPhase.Commit => causes.Exists(cause => cause is PostgresException postgres && !IsInfrastructure(postgres))
                ? FailureKind.Transient
                : FailureKind.Infrastructure,
            _ when causes.Exists(cause => queue.PermanentRules.Exists(rule => rule(cause))) => FailureKind.Permanent,
            _ when failure.ConnectionLost || causes.Exists(IsInfrastructure) => failure.Exception is HandlerTimeoutException
                ? FailureKind.Transient
                : FailureKind.PerhapsInfrastructure,
            _ => FailureKind.Transient,
        };
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

    private static IEnumerable<Exception> Causes(Exception exception) => exception switch
    {
        AggregateException aggregate => aggregate.InnerExceptions.SelectMany(Causes).Prepend(exception),
        { InnerException: { } inner } => Causes(inner).Prepend(exception),
        _ => [exception],
    };
}
