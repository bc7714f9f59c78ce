using Messaging;
using Npgsql;
using NpgsqlTypes;

namespace Outbox.Relay;

/// <summary>Reads what is to be published, forward from a cursor, and everything that could have become visible below it.</summary>
/// <param name="connection">Its statements are given up after <paramref name="lease"/>.</param>
/// <param name="owner">The session that owns the table.</param>
/// <param name="lookahead">Takes in what is read.</param>
/// <param name="batchSize">How many rows a page has at most.</param>
/// <param name="lease">How long a statement may take, if it is not expected to take long.</param>
/// <param name="pulse">Is told of each statement how long it may take; what follows the last one is up to the caller.</param>
/// <param name="clock">Measures.</param>
internal sealed class PendingReader(
    NpgsqlConnection connection, OwnerLock owner, Lookahead lookahead, int batchSize, TimeSpan lease, StagePulse pulse, TimeProvider clock)
{
    // What was passed and cannot be vacuumed yet is walked entry by entry, a million in about a second. A look through more than that may
    // take longer than the lease, and a term that ended over it would only begin with the same look again.
    private const double WideLook = 1_000_000;
    private static readonly TimeSpan WideLookBound = TimeSpan.FromMinutes(10);

    private readonly GapRanges _gaps = new();
    private readonly LookEverywhere _everywhere = new(batchSize, clock);
    private readonly DueWalk _due = new(lookahead, batchSize, clock);
    private long _cursor = long.MinValue;

    /// <summary>Learns where to begin and which keys a deferred row holds back; before the first page.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        // All that earlier relays have passed is looked through once, or as long as somebody can still fill it, and not by
        // every read until the first row comes.
        _cursor = await ReadLastIdAsync(cancellationToken);
        _gaps.Begin(_cursor, await ReadHoldersAsync(cancellationToken));

        pulse.Busy(WideLookBound);
        await using var blocked = new NpgsqlCommand(OutboxSql.BlockedKeys, connection) { CommandTimeout = (int)WideLookBound.TotalSeconds };
        await using var reader = await blocked.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            lookahead.Block(reader.GetString(0), reader.GetInt64(1));
        }
    }

    /// <summary>How long until the next deferred row comes back, as far as the last read knew, at most <paramref name="bound"/>.</summary>
    public TimeSpan UntilDue(TimeSpan bound) => _due.UntilNext(bound);

    /// <summary>Reads one page.</summary>
    /// <exception cref="InvalidOperationException">The owner's session has ended, and another relay may own the table.</exception>
    public async Task<PageFound> ReadAsync(CancellationToken cancellationToken)
    {
        if (_everywhere.IsDue)
        {
            await FollowSequenceAsync(cancellationToken);
            _everywhere.Begin(_cursor);
            lookahead.DoubtBlocks();
        }

        var began = clock.GetTimestamp();
        var again = lookahead.BeginRead();
        var walk = _due.Next();
        var (due, rows, bytes) = await ReadPageAsync(walk, again, cancellationToken);
        var cut = rows.Count >= batchSize || bytes >= HeldRows.MaxBytes;
        var complete = cut ? rows[^1].Id : long.MaxValue;
        var added = lookahead.Offer(rows, again, complete);
        var moreDue = due is not null && _due.Found(due);

        _everywhere.Found(rows, complete, clock.GetElapsedTime(began), lookahead.HasDoubts());
        _gaps.Found(rows.ConvertAll(row => row.Id), complete, _cursor);
        _cursor = rows.Count > 0 ? Math.Max(_cursor, rows[^1].Id) : _cursor;
        if (_gaps.NeedHolders)
        {
            _gaps.Observe(await ReadHoldersAsync(cancellationToken));
        }

        // Of what is due there may be more, though nothing has come of the part that was asked for.
        var goesOn = cut || moreDue || again.Due.Length > 0 || _everywhere.IsUnderWay;
        return goesOn ? PageFound.PartOfMore : added > 0 ? PageFound.Rows : PageFound.Nothing;
    }

    private async Task<(DueStretch? Due, List<OutboxRow> Rows, long Bytes)> ReadPageAsync(
        NpgsqlBatchCommand? walk, ReadAgain again, CancellationToken cancellationToken)
    {
        var looks = _everywhere.AddTo(_gaps.Looks(batchSize));
        await using var batch = new NpgsqlBatch(connection);
        var isWide = looks.Width > WideLook;
        pulse.Busy(isWide ? WideLookBound : lease);
        Failpoint.Hit("relay.before-read");
        if (isWide)
        {
            batch.Timeout = (int)WideLookBound.TotalSeconds;
        }

        if (walk is not null)
        {
            batch.BatchCommands.Add(walk);
        }

        batch.BatchCommands.Add(PageCommand(looks, again));
        await batch.PrepareAsync(cancellationToken);

        var rows = new List<OutboxRow>();
        var bytes = 0L;
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var due = walk is null ? null : await ReadDueAsync(reader, cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (reader.IsDBNull(0))
            {
                throw new InvalidOperationException("The session that owned the outbox has ended.");
            }

            rows.Add(RowOf(reader));
            bytes = reader.GetInt64(14);
        }

        return (due, rows, bytes);
    }

    private static async Task<DueStretch> ReadDueAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var rows = new List<(long, string?, DateTime)>();
        while (await reader.ReadAsync(cancellationToken) && !reader.IsDBNull(0))
        {
            rows.Add((reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetString(1), reader.GetDateTime(2)));
        }

        TimeSpan? next = reader.IsDBNull(4) ? null : TimeSpan.FromSeconds(reader.GetDouble(4));
        var stretch = new DueStretch(rows, reader.GetDateTime(2), TimeSpan.FromSeconds(reader.GetDouble(3)), next);
        await reader.NextResultAsync(cancellationToken);
        return stretch;
    }

    private NpgsqlBatchCommand PageCommand(GapLooks looks, ReadAgain again)
    {
        var command = new NpgsqlBatchCommand(OutboxSql.ReadPending);
        command.Parameters.AddWithValue("gap_low", looks.Gaps.Select(gap => gap.Low).ToArray());
        command.Parameters.AddWithValue("gap_high", looks.Gaps.Select(gap => gap.High).ToArray());
        command.Parameters.AddWithValue("gap_watch", looks.Gaps.Select(gap => gap.Watch).ToArray());
        command.Parameters.AddWithValue("gap_most", looks.Gaps.Select(gap => gap.Most).ToArray());
        command.Parameters.AddWithValue("holder_watch", looks.Holders.Select(holder => holder.Watch).ToArray());
        command.Parameters.AddWithValue("holder", looks.Holders.Select(holder => holder.Transaction).ToArray());
        command.Parameters.AddWithValue("holder_xid", looks.Holders.Select(holder => holder.Xid).ToArray());
        command.Parameters.AddWithValue("line_key", again.Lines.Select(line => line.Line.Key).ToArray());
        command.Parameters.AddWithValue("line_from", again.Lines.Select(line => line.From).ToArray());
        command.Parameters.AddWithValue("line_most", again.Lines.Select(line => line.Most).ToArray());
        command.Parameters.AddWithValue("due", again.Due);
        command.Parameters.AddWithValue("cursor", _cursor);
        command.Parameters.AddWithValue("limit", batchSize);
        command.Parameters.AddWithValue("bytes", HeldRows.MaxBytes);
        command.Parameters.AddWithValue("session", OutboxSql.SessionLock);
        command.Parameters.AddWithValue("owner", owner.ProcessId);
        return command;
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
        pulse.Busy(lease);
        await using var command = new NpgsqlCommand(OutboxSql.LastId, connection);
        command.Parameters.Add(new NpgsqlParameter("sequence", NpgsqlDbType.Oid) { Value = owner.Table.Sequence });
        return await command.ExecuteScalarAsync(cancellationToken) as long? ?? long.MinValue;
    }

    private async Task<Dictionary<string, long?>> ReadHoldersAsync(CancellationToken cancellationToken)
    {
        pulse.Busy(lease);
        await using var command = new NpgsqlCommand(OutboxSql.IdHolders, connection);
        command.Parameters.Add(new NpgsqlParameter("sequence", NpgsqlDbType.Oid) { Value = owner.Table.Sequence });
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
