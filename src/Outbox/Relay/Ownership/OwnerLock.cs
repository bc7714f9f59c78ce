using Messaging;
using Npgsql;

namespace Outbox.Relay;

/// <summary>The session whose advisory lock makes this relay the owner of the table. It runs nothing but the try-lock and
/// heartbeats, never a transaction; when heartbeats stop for a lease, the server ends it.</summary>
internal sealed class OwnerLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private OwnerLock(NpgsqlConnection connection, OutboxTable table)
    {
        _connection = connection;
        ProcessId = connection.ProcessID;
        Table = table;
    }

    public OutboxTable Table { get; }

    /// <summary>The server process of the session, by which <see cref="OutboxSql.SessionLock"/> tells whether it lives.</summary>
    public int ProcessId { get; }

    /// <summary>Opens a session that stands by: nobody owns the table by it yet.</summary>
    /// <exception cref="InvalidOperationException">The table has not been migrated yet.</exception>
    /// <exception cref="UnfitDatabaseException">The guarantees cannot be kept on this database.</exception>
    public static async Task<OwnerLock> OpenAsync(OutboxDatabase database, TimeSpan lease, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync("owner", lease / 3, cancellationToken);
        try
        {
            var table = await database.InspectAsync(connection, cancellationToken);
            await OutboxDatabase.LimitAsync(connection, lease, cancellationToken);
            await using var hold = new NpgsqlCommand(OutboxSql.HoldSession, connection);
            hold.Parameters.AddWithValue("session", OutboxSql.SessionLock);
            await hold.ExecuteNonQueryAsync(cancellationToken);
            return new OwnerLock(connection, table);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>True if this relay owns the table now, and until the session ends. False while another does, or has a charge of rows
    /// under way.</summary>
    /// <exception cref="InvalidOperationException">Another table has taken the place of this one.</exception>
    public async Task<bool> TryTakeAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.TryOwn, _connection);
        command.Parameters.AddWithValue("class", OutboxSql.OwnerLock);
        command.Parameters.AddWithValue("charge", OutboxSql.ChargeLock);
        command.Parameters.AddWithValue("table", Table.LockKey);
        return await command.ExecuteScalarAsync(cancellationToken) as bool? ?? throw Replaced();
    }

    /// <summary>Keeps the session for another lease. An exception means that the table may have another owner already.</summary>
    public async Task HeartbeatAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.OwnerHeartbeat, _connection);
        command.Parameters.AddWithValue("table", Table.LockKey);
        if (!(bool)(await command.ExecuteScalarAsync(cancellationToken))!)
        {
            throw Replaced();
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static InvalidOperationException Replaced() => new("Another table has taken the place of outbox_message, or none.");
}
