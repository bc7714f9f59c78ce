using Npgsql;
using NpgsqlTypes;

namespace Outbox.Relay;

/// <summary>Reads what is to be published, forward from a cursor, and everything that could have become visible below it.</summary>
internal sealed class PendingReader(
    NpgsqlConnection connection, OutboxTable table, Lookahead lookahead, int batchSize, StagePulse pulse, TimeProvider clock)
{
    // What was passed and cannot be vacuumed yet is walked entry by entry, a million in about a second. A look through more than that may
    // take longer than the lease, and a term that ended over it would only begin with the same look again.
    private const double WideLook = 1_000_000;
    private static readonly TimeSpan WideLookBound = TimeSpan.FromMinutes(10);

    // Rows that no gap foresaw: released by an operator, or written in a way that nobody thought of.
    private static readonly TimeSpan LookEverywhereInterval = TimeSpan.FromMinutes(1);
    private const int LookEverywhereShare = 100;

    private readonly GapRanges _gaps = new();
    private long _cursor = long.MinValue;
    private DateTimeOffset _lookEverywhereAt = clock.GetUtcNow() + LookEverywhereInterval;

    /// <summary>Makes the session fit for reading, and learns where to begin and which keys a deferred row holds back; before the
    /// first page.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await using var prepare = new NpgsqlCommand(OutboxSql.PrepareReading, connection);
        await prepare.ExecuteNonQueryAsync(cancellationToken);

        // All that earlier relays have passed is looked through once, or as long as somebody can still fill it, and not by
        // every read until the first row comes.
        _cursor = await ReadLastIdAsync(cancellationToken);
        _gaps.Begin(_cursor, await ReadHoldersAsync(cancellationToken));

        await using var blocked = new NpgsqlCommand(OutboxSql.BlockedKeys, connection);
        await using var reader = await blocked.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            lookahead.Block(reader.GetString(0), reader.GetInt64(1));
        }
    }

    /// <summary>Reads one page.</summary>
    /// <returns>True if it found something new, so that there may be more.</returns>
    public async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var everywhere = clock.GetUtcNow() >= _lookEverywhereAt;
        if (everywhere)
        {
            await FollowSequenceAsync(cancellationToken);
            _gaps.LookEverywhereUpTo(_cursor);
            lookahead.DoubtBlocks();
        }

        var (keys, from, dueHeld) = lookahead.BeginRead();
        var rows = await ReadPageAsync(keys, from, dueHeld, cancellationToken);
        var cut = rows.Count >= batchSize || rows.Sum(row => (long)row.Body.Length) >= HeldRows.MaxBytes;
        var complete = cut ? rows[^1].Id : long.MaxValue;
        var added = lookahead.Offer(rows, keys, from, complete);

        _gaps.Found(rows.ConvertAll(row => row.Id), complete, _cursor);
        _cursor = rows.Count > 0 ? Math.Max(_cursor, rows[^1].Id) : _cursor;
        if (_gaps.NeedHolders)
        {
            _gaps.Observe(await ReadHoldersAsync(cancellationToken));
        }

        if (everywhere)
        {
            var pause = clock.GetElapsedTime(began) * LookEverywhereShare;
            _lookEverywhereAt = clock.GetUtcNow() + (pause > LookEverywhereInterval ? pause : LookEverywhereInterval);
        }

        return added > 0 || cut;
    }

    private async Task<List<OutboxRow>> ReadPageAsync(string[] keys, long[] from, long[] dueHeld, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.ReadPending, connection);
        var looks = _gaps.Looks();
        if (looks.Width > WideLook)
        {
            pulse.Busy(WideLookBound);
            command.CommandTimeout = (int)WideLookBound.TotalSeconds;
        }

        command.Parameters.AddWithValue("gap_low", looks.Lows);
        command.Parameters.AddWithValue("gap_high", looks.Highs);
        command.Parameters.AddWithValue("gap_watch", looks.Watches);
        command.Parameters.AddWithValue("holder_watch", looks.HolderWatches);
        command.Parameters.AddWithValue("holder_xid", looks.HolderXids);
        command.Parameters.AddWithValue("line_key", keys);
        command.Parameters.AddWithValue("line_from", from);
        // One more than a line keeps: the one too many tells the line that there are more.
        command.Parameters.AddWithValue("line_limit", KeyLine.MaxWaiting + 2);
        command.Parameters.AddWithValue("due_held", dueHeld);
        command.Parameters.AddWithValue("cursor", _cursor);
        command.Parameters.AddWithValue("limit", batchSize);
        command.Parameters.AddWithValue("bytes", HeldRows.MaxBytes);
        await command.PrepareAsync(cancellationToken);

        var rows = new List<OutboxRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(RowOf(reader));
        }

        return rows;
    }

    /// <summary>A row with an id that the sequence had not come to, or a sequence that was set back, leaves the cursor above all that comes
    /// next: each message would wait for a look everywhere.</summary>
    private async Task FollowSequenceAsync(CancellationToken cancellationToken)
    {
        var last = await ReadLastIdAsync(cancellationToken);
        if (last < _cursor && last > long.MinValue)
        {
            _cursor = last;
            _gaps.Begin(last, await ReadHoldersAsync(cancellationToken));
        }
    }

    private async Task<long> ReadLastIdAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.LastId, connection);
        command.Parameters.Add(new NpgsqlParameter("sequence", NpgsqlDbType.Oid) { Value = table.Sequence });
        return await command.ExecuteScalarAsync(cancellationToken) as long? ?? long.MinValue;
    }

    private async Task<Dictionary<string, long?>> ReadHoldersAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.IdHolders, connection);
        command.Parameters.Add(new NpgsqlParameter("sequence", NpgsqlDbType.Oid) { Value = table.Sequence });
        await command.PrepareAsync(cancellationToken);

        var holders = new Dictionary<string, long?>(StringComparer.Ordinal);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            holders.Add(reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetInt64(1));
        }

        return holders;
    }

    private static OutboxRow RowOf(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetInt64(0),
        MessageId = reader.GetGuid(1),
        Exchange = reader.GetString(2),
        RoutingKey = reader.GetString(3),
        Type = reader.GetString(4),
        Key = reader.IsDBNull(5) ? null : reader.GetString(5),
        ContentType = reader.GetString(6),
        Headers = reader.IsDBNull(7) ? null : reader.GetString(7),
        TraceParent = reader.IsDBNull(8) ? null : reader.GetString(8),
        Body = reader.GetFieldValue<byte[]>(9),
        CreatedAt = reader.GetDateTime(10),
        Attempts = reader.GetInt32(11),
        Deferred = reader.GetBoolean(12),
        NotDue = reader.GetBoolean(13),
    };
}
