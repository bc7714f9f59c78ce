using Npgsql;

namespace Inbox;

/// <summary>Makes sure, right before COMMIT, that committing will do what it says.</summary>
internal static class TransactionGuard
{
    /// <exception cref="PostgresException">25P02: the transaction has failed, and somebody swallowed the error.</exception>
    /// <exception cref="HandlerEndedTransactionException">It is not the transaction that holds the inbox rows.</exception>
    /// <exception cref="InvalidOperationException">The transaction would commit asynchronously.</exception>
    public static async Task CheckAsync(NpgsqlConnection connection, ulong? transactionId, bool allowUnsafe, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(InboxSql.Guard, connection);
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
}
