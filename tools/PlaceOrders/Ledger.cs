using Npgsql;
using NpgsqlTypes;

namespace PlaceOrders;

/// <summary>What the database knows of the orders of this run, read by one connection that holds their ids in a
/// temporary table.</summary>
internal sealed class Ledger : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly string? _customers;
    private readonly HashSet<string> _known = [];
    private long _lastRowBefore;

    private Ledger(NpgsqlConnection connection, string? customers) => (_connection, _customers) = (connection, customers);

    /// <summary>Notes how things stand before the first order. <paramref name="customers"/> is what the ids of all
    /// customers of this run, and of no other, begin with; null where that is not known.</summary>
    public static async Task<Ledger> OpenAsync(string connectionString, string? customers, CancellationToken cancellationToken)
    {
        var address = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = 300 };
        var connection = new NpgsqlConnection(address.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        var ledger = new Ledger(connection, customers);
        await using var prepare = new NpgsqlCommand(LedgerSql.Prepare, connection);
        await prepare.ExecuteNonQueryAsync(cancellationToken);
        await using var last = new NpgsqlCommand(LedgerSql.LastRow, connection);
        ledger._lastRowBefore = (long)(await last.ExecuteScalarAsync(cancellationToken))!;
        return ledger;
    }

    /// <summary>Takes in the orders that were placed since the last time.</summary>
    public async Task AddAsync(IEnumerable<KeyValuePair<string, Guid>> placed, CancellationToken cancellationToken)
    {
        var fresh = placed.Where(order => _known.Add(order.Key)).ToList();
        if (fresh.Count == 0)
        {
            return;
        }

        await using (var copy = await _connection.BeginBinaryImportAsync(LedgerSql.CopyOrders, cancellationToken))
        {
            foreach (var (idempotencyKey, id) in fresh)
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(idempotencyKey, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(id, NpgsqlDbType.Uuid, cancellationToken);
                await copy.WriteAsync(id.ToString(), NpgsqlDbType.Text, cancellationToken);
            }

            await copy.CompleteAsync(cancellationToken);
        }

        await using var analyze = new NpgsqlCommand("ANALYZE run_order", _connection);
        await analyze.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Counts everything as it stands now; what is not there yet counts as lost.</summary>
    public async Task<Tally> CountAsync(Tap tap, CancellationToken cancellationToken)
    {
        var (shortage, surplus) = await CountStockAsync(cancellationToken);
        var (confirmed, vanished) = await CountMessagesAsync(tap, cancellationToken);
        await using var command = new NpgsqlCommand(LedgerSql.Count, _connection);
        command.Parameters.AddWithValue("since", _lastRowBefore);
        command.Parameters.AddWithValue("customers", NpgsqlDbType.Text, (object?)_customers ?? DBNull.Value);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        long Field(string name) => row.GetInt64(row.GetOrdinal(name));

        return new Tally
        {
            Placed = Field("placed"),
            OutboxRows = Field("outbox_rows"),
            Sent = Field("sent"),
            Confirmed = confirmed,
            Complete = Field("complete"),
            Outcomes = Field("outcomes"),
            Movements = Math.Max(0, Field("confirmed_orders") - shortage + surplus),
            Notifications = Field("notifications"),
            LostOutcomes = Field("lost_outcomes"),
            LostDecisions = Field("lost_decisions"),
            LostUnits = shortage,
            LostNotifications = Field("lost_notifications"),
            LostMessages = vanished,
            LostOrders = Field("shared_orders"),
            DoubledOutcomes = Field("doubled_outcomes"),
            DoubledUnits = surplus,
            DoubledNotifications = Field("doubled_notifications"),
            DoubledOrders = Field("other_orders"),
        };
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<(long Shortage, long Surplus)> CountStockAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LedgerSql.CompareStock, _connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetInt64(0), row.GetInt64(1));
    }

    private async Task<(long Confirmed, long Vanished)> CountMessagesAsync(Tap tap, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LedgerSql.Messages, _connection);
        command.Parameters.AddWithValue("since", _lastRowBefore);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var (confirmed, vanished) = (0L, 0L);
        while (await rows.ReadAsync(cancellationToken))
        {
            if (tap.HasSeen(rows.GetGuid(0)))
            {
                confirmed++;
            }
            else if (rows.GetBoolean(1))
            {
                vanished++;
            }
        }

        return (confirmed, vanished);
    }
}
