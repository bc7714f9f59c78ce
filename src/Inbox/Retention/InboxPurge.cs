using Npgsql;

namespace Inbox;

/// <summary>Deletes inbox rows whose retention is over, a bounded batch at a time.</summary>
internal sealed class InboxPurge(InboxDatabase database, InboxOptions options)
{
    private const int BatchRows = 5_000;

    private DateTime _lowEnd = DateTime.UnixEpoch;

    /// <returns>True when more may be waiting.</returns>
    public Task<bool> PurgeBatchAsync(CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(InboxSql.Purge, connection)
            {
                Parameters =
                {
                    new NpgsqlParameter<DateTime> { TypedValue = _lowEnd },
                    new NpgsqlParameter<TimeSpan> { TypedValue = options.Retention },
                    new NpgsqlParameter<int> { TypedValue = BatchRows },
                },
            };
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            var purged = reader.GetInt64(0);
            // Rows are stamped when their transaction begins, so one may still appear below what was purged last.
            _lowEnd = purged == BatchRows ? reader.GetDateTime(1) : DateTime.UnixEpoch;
            return purged == BatchRows;
        },
        cancellationToken);
}
