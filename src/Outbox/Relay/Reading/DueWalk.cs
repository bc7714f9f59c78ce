using Npgsql;

namespace Outbox.Relay;

/// <summary>Walks the deferred rows whose time has come, in the order of their times, a stretch with each read. Those whose time comes
/// later are found at its end; anew it begins now and then, for those that were committed late or given an earlier time.</summary>
internal sealed class DueWalk(Lookahead lookahead, int batchSize, TimeProvider clock)
{
    // After each walk, for each stretch of it.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // A walk past much that cannot be vacuumed gets at most this share of the time.
    private const int Share = 100;

    // A row may be committed a moment after its time, and who sleeps until then does not look again soon.
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(1);

    // Many rows that were deferred together come back in few reads.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(10);

    // What Npgsql takes for -infinity.
    private static readonly (DateTime Due, long Id) Start = (DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc), long.MinValue);

    private (DateTime Due, long Id) _at = Start;
    private TimeSpan _took;
    private TimeSpan _pause;
    private long _endedAt;
    private int _stretches;
    private bool _ended;
    private long _askedAt;
    private TimeSpan? _next;

    /// <summary>The statement for the next stretch; null while those of the last are still to be read.</summary>
    public NpgsqlBatchCommand? Next()
    {
        if (!lookahead.HasRoomForDue())
        {
            return null;
        }

        if (_ended && clock.GetElapsedTime(_endedAt) >= _pause)
        {
            (_at, _took, _stretches, _ended) = (Start, TimeSpan.Zero, 0, false);
        }

        _askedAt = clock.GetTimestamp();
        var command = new NpgsqlBatchCommand(OutboxSql.WalkDue);
        command.Parameters.AddWithValue("due_at", _at.Due);
        command.Parameters.AddWithValue("due_id", _at.Id);
        command.Parameters.AddWithValue("limit", batchSize);
        return command;
    }

    /// <summary>Takes in the stretch, once the page that was read with it has been.</summary>
    /// <returns>Whether there was news, or may be more.</returns>
    public bool Found(DueStretch stretch)
    {
        _next = stretch.Next;
        var news = false;
        foreach (var (id, key, due) in stretch.Rows)
        {
            news |= lookahead.Recall(key, id);
            _at = (due, id);
        }

        _took += stretch.Took;
        if (stretch.Rows.Count == batchSize)
        {
            _stretches++;
            return true;
        }

        // From the last row on, each read would walk once more what was sent behind it.
        _at = (stretch.UpTo - Late, long.MaxValue);
        if (!_ended)
        {
            _ended = true;
            _endedAt = clock.GetTimestamp();
            var (byStretches, byTime) = (Pause * (_stretches + 1), _took * Share);
            _pause = byTime > byStretches ? byTime : byStretches;
        }

        return news;
    }

    /// <summary>How long until the next row comes whose time had not come at the last look, rounded up; at most
    /// <paramref name="bound"/>.</summary>
    public TimeSpan UntilNext(TimeSpan bound)
    {
        if (_next is not { } next)
        {
            return bound;
        }

        var wait = (Step * Math.Ceiling(next / Step)) - clock.GetElapsedTime(_askedAt);
        return wait > bound ? bound : wait < MinWait ? MinWait : wait;
    }
}
