using Npgsql;

namespace Outbox.Relay;

/// <summary>Walks the deferred rows whose time has come, in the order of their times, a stretch with each read. Those that came since the
/// last are found at its end; anew it begins now and then, for those that were committed late or given an earlier time.</summary>
internal sealed class DueWalk(Lookahead lookahead, int batchSize, TimeProvider clock)
{
    // After each walk, for each stretch of it.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // What Npgsql takes for -infinity.
    private static readonly (DateTime Due, long Id) Start = (DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc), long.MinValue);

    private (DateTime Due, long Id) _at = Start;
    private long _endedAt;
    private int _stretches;
    private bool _ended;

    /// <summary>The statement for the next stretch; null while those of the last are still to be read.</summary>
    public NpgsqlBatchCommand? Next()
    {
        if (!lookahead.HasRoomForDue())
        {
            return null;
        }

        if (_ended && clock.GetElapsedTime(_endedAt) >= Pause * (_stretches + 1))
        {
            (_at, _stretches, _ended) = (Start, 0, false);
        }

        var command = new NpgsqlBatchCommand(OutboxSql.WalkDue);
        command.Parameters.AddWithValue("due_at", _at.Due);
        command.Parameters.AddWithValue("due_id", _at.Id);
        command.Parameters.AddWithValue("limit", batchSize);
        return command;
    }

    /// <summary>Takes in the stretch, once the page that was read with it has been.</summary>
    /// <returns>Whether there was news, or may be more.</returns>
    public bool Found(IReadOnlyList<(long Id, string? Key, DateTime Due)> rows)
    {
        var news = false;
        foreach (var (id, key, due) in rows)
        {
            news |= lookahead.IsDue(key, id);
            _at = (due, id);
        }

        if (rows.Count == batchSize)
        {
            _stretches++;
            return true;
        }

        if (!_ended)
        {
            _ended = true;
            _endedAt = clock.GetTimestamp();
        }

        return news;
    }
}
