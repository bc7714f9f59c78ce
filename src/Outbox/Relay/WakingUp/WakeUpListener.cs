using Npgsql;

namespace Outbox.Relay;

/// <summary>Hears the notifications of producers that commit while the reader sleeps. On a connection of its own: on the
/// reader's, a wait would have to be broken off before each read.</summary>
internal sealed class WakeUpListener : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly TimeSpan _beat;
    private readonly TimeProvider _clock;

    private WakeUpListener(NpgsqlConnection connection, TimeSpan beat, TimeProvider clock) =>
        (_connection, _beat, _clock) = (connection, beat, clock);

    /// <summary>Subscribes: what commits from now on is heard, and calls <paramref name="woken"/>.</summary>
    public static async Task<WakeUpListener> OpenAsync(
        OutboxDatabase database, OutboxTable table, TimeSpan lease, Action woken, TimeProvider clock, CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync("listener", lease / 3, cancellationToken);
        try
        {
            await OutboxDatabase.LimitAsync(connection, lease, cancellationToken);
            connection.Notification += (_, _) => woken();
            await using var command = new NpgsqlCommand(OutboxSql.Listen(table.Oid), connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new WakeUpListener(connection, lease / 3, clock);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Listens until cancelled. It speaks now and then: a network between may forget a silent connection, and a
    /// session that a frozen process left behind would hold up the notifications of all.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var began = _clock.GetTimestamp();
            // Whole milliseconds, and never none: Npgsql takes a wait of zero for one without a bound.
            for (var left = _beat; left >= TimeSpan.FromMilliseconds(1); left = _beat - _clock.GetElapsedTime(began))
            {
                await _connection.WaitAsync(left, cancellationToken);
            }

            await using var heartbeat = new NpgsqlCommand(OutboxSql.Heartbeat, _connection);
            await heartbeat.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
