using Npgsql;

namespace Outbox.Relay;

/// <summary>What the owner does beside publishing: purges rows that were sent long enough ago, and counts the backlog.</summary>
internal sealed class Tidier(NpgsqlConnection connection, TimeSpan retention)
{
    private const int PurgeBatch = 2_000;

    private long _done = long.MinValue;

    // Before the first row that this pass has met and that was sent too lately: there the next one begins.
    private long? _next;
    private bool _fromStart = true;

    /// <summary>Purges one batch of a pass.</summary>
    /// <returns>True if the pass goes on; false at its end, and the next call begins another.</returns>
    public async Task<bool> PurgeAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.Purge, connection);
        command.Parameters.AddWithValue("done", _done);
        command.Parameters.AddWithValue("retention", retention);
        command.Parameters.AddWithValue("limit", PurgeBatch);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);

        var full = reader.GetInt64(0) == PurgeBatch;
        _next ??= await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetInt64(2) - 1;
        if (full && (_next is null || reader.GetInt64(3) > 0 || (_fromStart && reader.GetBoolean(4))))
        {
            _done = reader.GetInt64(1);
            return true;
        }

        (_done, _next, _fromStart) = (_next ?? _done, null, false);
        return false;
    }

    /// <summary>Begins a pass at the lowest id, for rows that were still waiting when they were passed. It goes past any number of rows that
    /// are old and stay, such as those that were parked for long and sent lately; others end at the first batch of which nothing is
    /// purged, or each would walk all of these.</summary>
    public void PurgeFromStart() => (_done, _next, _fromStart) = (long.MinValue, null, true);

    public async Task<BacklogSample> CountAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.Backlog, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new BacklogSample(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), TimeSpan.FromSeconds(Math.Max(0, reader.GetDouble(3))));
    }
}
