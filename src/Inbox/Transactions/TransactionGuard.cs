using System.Collections.Concurrent;
using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Inbox;

/// <summary>Makes sure, right before COMMIT, that committing will do what it says; and after it where something else comes between.</summary>
internal static class TransactionGuard
{
    private static readonly ConcurrentDictionary<Type, bool> ActBeforeCommits = new();

    /// <summary>Costs no round trip, so it follows each handler and comes before each save: after one that has ended the transaction, the
    /// next handlers of the batch would commit statement by statement. One that has begun another transaction is found by
    /// <see cref="CheckAsync"/>.</summary>
    public static bool IsStillOpen(DbContext db, IDbContextTransaction transaction)
    {
        try
        {
            // The isolation level of a transaction that has ended cannot be read.
            return db.Database.CurrentTransaction == transaction && transaction.GetDbTransaction().IsolationLevel != default;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <exception cref="HandlerEndedTransactionException">The handler has committed or rolled back.</exception>
    /// <exception cref="InvalidOperationException">The connection was lost, and a handler has swallowed that.</exception>
    public static void CheckStillOpen(DbContext db, IDbContextTransaction transaction)
    {
        if (db.Database.GetDbConnection().State != ConnectionState.Open)
        {
            throw new InvalidOperationException("The connection was lost while a handler ran.");
        }

        if (!IsStillOpen(db, transaction))
        {
            throw new HandlerEndedTransactionException();
        }
    }

    /// <exception cref="PostgresException">25P02: the transaction has failed, and somebody swallowed the error.</exception>
    /// <exception cref="HandlerEndedTransactionException">It is not the transaction that holds the inbox rows.</exception>
    /// <exception cref="InvalidOperationException">The transaction would commit asynchronously.</exception>
    public static async Task CheckAsync(
        NpgsqlConnection connection, ulong? transactionId, TransactionBounds bounds, bool allowUnsafe, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(InboxSql.Guard, connection) { CommandTimeout = bounds.AnswerSeconds };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (await reader.IsDBNullAsync(0, cancellationToken) || reader.GetFieldValue<ulong>(0) != transactionId)
        {
            throw new HandlerEndedTransactionException();
        }

        if (!allowUnsafe && reader.GetString(1) == "off")
        {
            throw new InvalidOperationException("The handler has set synchronous_commit to off: its effect could be lost after the ack.");
        }
    }

    /// <summary>Whether somebody's interceptor may use the transaction after <see cref="CheckAsync"/>, and swallow what comes of it. One that
    /// only hears of commits costs no question.</summary>
    public static bool IsFollowedByOthers(DbContext db) => ContextInterceptors.Of(db).Any(
        interceptor => interceptor is IDbTransactionInterceptor && ActBeforeCommits.GetOrAdd(interceptor.GetType(), ActsBeforeCommits));

    private static bool ActsBeforeCommits(Type interceptor)
    {
        var map = interceptor.GetInterfaceMap(typeof(IDbTransactionInterceptor));
        return map.InterfaceMethods.Zip(map.TargetMethods).Any(method =>
            method.First.Name is nameof(IDbTransactionInterceptor.TransactionCommitting) or nameof(IDbTransactionInterceptor.TransactionCommittingAsync)
            && method.Second.DeclaringType != typeof(DbTransactionInterceptor) && method.Second.DeclaringType != typeof(IDbTransactionInterceptor));
    }

    /// <exception cref="InvalidOperationException">COMMIT has rolled back.</exception>
    public static async Task CheckCommittedAsync(
        NpgsqlConnection connection, ulong? transactionId, TransactionBounds bounds, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(InboxSql.StatusOf, connection)
        {
            CommandTimeout = bounds.AnswerSeconds,
            Parameters = { new NpgsqlParameter<ulong> { TypedValue = transactionId!.Value, NpgsqlDbType = NpgsqlDbType.Xid8 } },
        };
        if (await command.ExecuteScalarAsync(cancellationToken) is not "committed")
        {
            throw new InvalidOperationException(
                "The transaction was rolled back by its COMMIT: an interceptor of the context has swallowed an error of the database.");
        }
    }
}
