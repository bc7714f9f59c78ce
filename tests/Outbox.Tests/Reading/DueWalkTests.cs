using Outbox.Relay;

namespace Outbox.Tests.Reading;

public sealed class DueWalkTests
{
    private readonly ReaderUnderTest.ShiftedClock _clock = new();
    private readonly DueWalk _walk;

    public DueWalkTests() => _walk = new DueWalk(new Lookahead(batchSize: 8, _clock), batchSize: 8, _clock);

    [Fact]
    public void It_begins_anew_a_moment_after_its_end_though_the_time_of_day_is_set_back()
    {
        Assert.Equal(long.MinValue, NextFrom());
        _walk.Found([(5, "k", DateTime.UnixEpoch)]);

        _clock.SetBack = TimeSpan.FromHours(1);
        _clock.Shift = TimeSpan.FromSeconds(10);

        Assert.Equal(long.MinValue, NextFrom());
    }

    private object? NextFrom() => _walk.Next()?.Parameters["due_id"].Value;
}
