using System.Text;
using Messaging;
using Npgsql;

namespace Outbox.Relay;

/// <summary>Writes down what became of rows: the confirmed are marked sent, the refused deferred or parked.</summary>
internal sealed class Marker(NpgsqlConnection connection, OwnerLock owner, OutboxOptions options)
{
    /// <summary>Marks confirmed rows. Safe at any time, whoever owns the table: a confirm stays true.</summary>
    /// <returns>How many rows were not marked before.</returns>
    public async Task<int> MarkAsync(IReadOnlyCollection<ConfirmedRow> rows, CancellationToken cancellationToken)
    {
        // In the order of ids: two relays that mark the same rows, one that was frozen and the new owner, never wait for each other.
        var confirmed = rows.OrderBy(row => row.Id).ToArray();
        var sql = options.Retention == TimeSpan.Zero ? OutboxSql.DeleteConfirmed : OutboxSql.Mark;
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddWithValue("ids", Array.ConvertAll(confirmed, row => row.Id));
        command.Parameters.AddWithValue("messages", Array.ConvertAll(confirmed, row => row.MessageId));
        await command.PrepareAsync(cancellationToken);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Charges refused rows with an attempt.</summary>
    /// <returns>For each row that was charged whether it is parked now, or deferred. A row that is missing was changed by somebody else, or
    /// this relay does not own the table any more.</returns>
    public async Task<Dictionary<long, bool>> ChargeAsync(
        IReadOnlyList<(OutboxRow Row, Refusal Refusal)> refused, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.Charge, connection);
        command.Parameters.AddWithValue("ids", refused.Select(charge => charge.Row.Id).ToArray());
        command.Parameters.AddWithValue("messages", refused.Select(charge => charge.Row.MessageId).ToArray());
        command.Parameters.AddWithValue("seen", refused.Select(charge => charge.Row.Attempts).ToArray());
        command.Parameters.AddWithValue("max_attempts", refused.Select(charge => charge.Refusal.MaxAttempts).ToArray());
        command.Parameters.AddWithValue("delays", refused.Select(charge => DelayAfter(charge.Row)).ToArray());
        command.Parameters.AddWithValue("errors", refused.Select(charge => Storable(charge.Refusal.Reason)).ToArray());
        command.Parameters.AddWithValue("session", OutboxSql.SessionLock);
        command.Parameters.AddWithValue("owner", owner.ProcessId);
        command.Parameters.AddWithValue("charge", OutboxSql.ChargeLock);
        command.Parameters.AddWithValue("key", owner.Table.LockKey);
        command.Parameters.AddWithValue("wait", $"{options.Lease.TotalMilliseconds:0}ms");

        var charged = new Dictionary<long, bool>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            charged[reader.GetInt64(0)] = reader.GetBoolean(1);
        }

        return charged;
    }

    /// <summary>What the encoding of the database may have no letters for, such as names at the broker, would fail the charge of all rows, and
    /// again each time it is repeated.</summary>
    private string Storable(string reason) => connection.PostgresParameters["server_encoding"] == "UTF8"
        ? reason
        : Encoding.ASCII.GetString(Encoding.ASCII.GetBytes(reason));

    private TimeSpan DelayAfter(OutboxRow row) => Backoff.WithJitter(Backoff.After(row.Attempts + 1, options.RetryFirst, options.RetryCap));
}
