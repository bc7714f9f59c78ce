using Outbox.Relay;

namespace Outbox.Tests.Reading;

public sealed class DueWalkTests
{
    private readonly ReaderUnderTest.ShiftedClock _clock = new();
    private readonly DueWalk _walk;

    public DueWalkTests() => _walk = new DueWalk(new Lookahead(batchSize: 8), batchSize: 8, _clock);

    [Fact]
    public void It_begins_anew_a_moment_after_its_end_though_the_time_of_day_is_set_back()
    {
        Assert.Equal(long.MinValue, NextFrom());
        _walk.Found(new DueStretch([(5, "k", DateTime.UnixEpoch)], DateTime.UnixEpoch, TimeSpan.Zero, Next: null));

        _clock.SetBack = TimeSpan.FromHours(1);
        _clock.Shift = TimeSpan.FromSeconds(10);

        Assert.Equal(long.MinValue, NextFrom());
    }

    [Fact]
    public void From_its_end_on_it_finds_what_was_committed_a_moment_after_its_time()
    {
        var looked = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Assert.Equal(long.MinValue, NextFrom());
        _walk.Found(new DueStretch([], looked, TimeSpan.FromMinutes(1), Next: null));

        Assert.InRange((DateTime)_walk.Next()!.Parameters["due_at"].Value!, looked - TimeSpan.FromSeconds(2), looked - TimeSpan.FromMilliseconds(500));
    }

    private object? NextFrom() => _walk.Next()?.Parameters["due_id"].Value;
}
