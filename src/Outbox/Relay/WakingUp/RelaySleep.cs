using Npgsql;

namespace Outbox.Relay;

/// <summary>Lets the reader sleep without missing a commit. Asleep is who holds the sleep lock exclusively: every producer
/// that inserts from then on finds that it cannot share the lock, and notifies.</summary>
internal sealed class RelaySleep(NpgsqlConnection connection, OutboxTable table, OutboxOptions options)
{
    /// <summary>False while a producer is still open that found the relay awake: it will not notify, so the reader must go on
    /// reading. After true the reader must read once more, and may then wait.</summary>
    public async Task<bool> TryFallAsleepAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.FallAsleep, connection);
        AddLock(command);
        // Should this process freeze in its sleep, the server frees the lock for the relay that takes over.
        command.Parameters.AddWithValue("silence", $"{(options.PollInterval + options.Lease).TotalMilliseconds:0}ms");
        await command.PrepareAsync(cancellationToken);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task WakeUpAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.WakeUp, connection);
        AddLock(command);
        await command.PrepareAsync(cancellationToken);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private void AddLock(NpgsqlCommand command)
    {
        command.Parameters.AddWithValue("class", OutboxSql.SleepLock);
        command.Parameters.AddWithValue("table", table.LockKey);
    }
}
