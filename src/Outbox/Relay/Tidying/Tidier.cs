using Npgsql;

namespace Outbox.Relay;

/// <summary>What the owner does beside publishing: purges rows that were sent long enough ago, and counts the backlog.</summary>
internal sealed class Tidier(NpgsqlConnection connection, TimeSpan retention)
{
    private const int PurgeBatch = 2_000;

    private long _done = long.MinValue;

    /// <summary>Purges one batch.</summary>
    /// <returns>True if there may be more to purge now.</returns>
    public async Task<bool> PurgeAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.Purge, connection);
        command.Parameters.AddWithValue("done", _done);
        command.Parameters.AddWithValue("retention", retention);
        command.Parameters.AddWithValue("limit", PurgeBatch);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);

        var full = reader.GetInt64(0) == PurgeBatch;
        if (!await reader.IsDBNullAsync(2, cancellationToken))
        {
            // From here on rows were sent too lately; the next pass begins with the first of them. A row that was sent long after its
            // neighbours stands among those that may go.
            _done = reader.GetInt64(2) - 1;
            return full && reader.GetInt64(3) > 0;
        }

        _done = full ? reader.GetInt64(1) : _done;
        return full;
    }

    /// <summary>Begins at the lowest id again, for rows that were still waiting when they were passed.</summary>
    public void PurgeFromStart() => _done = long.MinValue;

    public async Task<BacklogSample> CountAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.Backlog, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new BacklogSample(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), TimeSpan.FromSeconds(Math.Max(0, reader.GetDouble(3))));
    }
}
