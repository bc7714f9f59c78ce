using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;

namespace Faults;

/// <summary>Where the tables stood when a case began: what is above belongs to it.</summary>
internal sealed record Baseline(long Outbox, long Notification, long Transition, long StockMovement, long Handled);

/// <summary>Collects the evidence of a case. It knows the product's tables by their names, and nothing else of it.</summary>
internal sealed class EvidenceReader(Database database)
{
    private const string Marks =
        """
        SELECT (SELECT coalesce(max(id), 0) FROM outbox_message), (SELECT coalesce(max(id), 0) FROM notification),
               (SELECT coalesce(max(seq), 0) FROM faults.transition), (SELECT coalesce(max(seq), 0) FROM faults.stock_movement),
               (SELECT coalesce(max(seq), 0) FROM faults.handled)
        """;

    /// <summary>Notes where the tables stand.</summary>
    public async Task<Baseline> MarkAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return await MarkAsync(connection, cancellationToken);
    }

    /// <summary>Reads all that came after <paramref name="since"/>, from one snapshot.</summary>
    public async Task<Evidence> ReadAsync(Baseline since, string historyFile, string tapFile, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        Task<List<T>> Read<T>(string sql, long mark, Func<NpgsqlDataReader, T> of) => ReadAsync(connection, sql, mark, of, cancellationToken);

        var outbox = await Read(
            "SELECT id, message_id, type, key, body, sent_at IS NOT NULL, parked_at IS NOT NULL, attempts FROM outbox_message WHERE id > $1 ORDER BY id",
            since.Outbox, MessageOf);
        var transitions = await Read(
            "SELECT order_id, before, after FROM faults.transition WHERE seq > $1 ORDER BY seq", since.Transition,
            row => new Transition(row.GetGuid(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2)));
        var orders = await Read(
            "SELECT id, customer_id, status FROM orders WHERE id IN (SELECT order_id FROM faults.transition WHERE seq > $1)", since.Transition,
            row => new StoredOrder(row.GetGuid(0), row.GetString(1), row.GetString(2)));
        var notifications = await Read(
            "SELECT order_id, kind FROM notification WHERE id > $1", since.Notification,
            row => new Notified(row.GetGuid(0), row.GetString(1)));
        var movements = await Read(
            "SELECT sku, delta FROM faults.stock_movement WHERE seq > $1", since.StockMovement,
            row => new StockMoved(row.GetString(0), row.GetInt64(1)));
        var handled = await Read(
            "SELECT consumer, message_id, xid::text, snapshot::text FROM faults.handled WHERE seq > $1 ORDER BY seq", since.Handled,
            row => new HandledMessage(row.GetString(0), row.GetGuid(1), ulong.Parse(row.GetString(2), CultureInfo.InvariantCulture), row.GetString(3)));
        var failing = await Read("SELECT order_id FROM faults.scheduled WHERE fails_until IS NOT NULL AND $1 >= 0", 0, row => row.GetGuid(0));

        List<TapDelivery> tap = [.. JsonLines.Read<TapDelivery>(tapFile)];
        var known = outbox.Select(message => message.Message).ToHashSet();
        var unknown = tap.Select(delivery => Guid.TryParse(delivery.Message, out var id) ? id : Guid.Empty)
            .Where(id => id != Guid.Empty && !known.Contains(id)).Distinct().ToArray();
        return new Evidence
        {
            History = [.. JsonLines.Read<HistoryLine>(historyFile)],
            Tap = tap,
            Outbox = outbox,
            Orders = orders,
            Notifications = notifications,
            Transitions = transitions,
            StockMovements = movements,
            Handled = handled,
            ToldToFail = failing.ToHashSet(),
            End = await MarkAsync(connection, cancellationToken),
            OfEarlierCases = await EarlierAsync(connection, unknown, cancellationToken),
        };
    }

    private static async Task<Baseline> MarkAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await ReadAsync(
            connection,
            Marks,
            0,
            row => new Baseline(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)),
            cancellationToken))[0];

    private static async Task<HashSet<Guid>> EarlierAsync(NpgsqlConnection connection, Guid[] messages, CancellationToken cancellationToken)
    {
        var earlier = new HashSet<Guid>();
        if (messages.Length > 0)
        {
            await using var command = new NpgsqlCommand("SELECT message_id FROM outbox_message WHERE message_id = ANY ($1)", connection)
            {
                Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = messages } },
            };
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                earlier.Add(rows.GetGuid(0));
            }
        }

        return earlier;
    }

    private static async Task<List<T>> ReadAsync<T>(
        NpgsqlConnection connection, string sql, long mark, Func<NpgsqlDataReader, T> of, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        if (sql.Contains("$1", StringComparison.Ordinal))
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = mark });
        }

        var read = new List<T>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            read.Add(of(rows));
        }

        return read;
    }

    private static StoredMessage MessageOf(NpgsqlDataReader row)
    {
        var body = row.GetFieldValue<byte[]>(4);
        return new StoredMessage(
            row.GetInt64(0), row.GetGuid(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3),
            Convert.ToHexString(SHA256.HashData(body)), OrderIn(body), row.GetBoolean(5), row.GetBoolean(6), row.GetInt32(7));
    }

    private static Guid? OrderIn(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.TryGetProperty("orderId", out var order) && order.TryGetGuid(out var id) ? id : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
