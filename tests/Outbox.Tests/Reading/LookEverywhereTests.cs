using Outbox.Relay;

namespace Outbox.Tests.Reading;

public sealed class LookEverywhereTests
{
    private const long Everything = long.MaxValue;
    private readonly ReaderUnderTest.ShiftedClock _clock = new();
    private readonly LookEverywhere _look;

    public LookEverywhereTests() => _look = new LookEverywhere(batchSize: 8, _clock);

    [Fact]
    public void It_comes_once_a_minute_and_goes_through_everything()
    {
        Assert.False(_look.IsDue);
        _clock.Shift = TimeSpan.FromSeconds(61);
        Assert.True(_look.IsDue);

        _look.Begin(100);
        Assert.Equal([(long.MinValue, 100, 2)], Ranges());
        _look.Found([Rows.Of(50)], Everything, TimeSpan.FromMilliseconds(1), moreKeys: false);

        Assert.Empty(Ranges());
        Assert.False(_look.IsDue);
        _clock.Shift += TimeSpan.FromSeconds(61);
        Assert.True(_look.IsDue);
    }

    [Fact]
    public void It_goes_on_where_it_has_found_its_share_of_a_page()
    {
        _look.Begin(100);

        // Those with a time of their own are found by others.
        _look.Found([Rows.Of(5, deferred: true), Rows.Of(10), Rows.Of(10), Rows.Of(20), Rows.Of(30)], Everything, TimeSpan.Zero, moreKeys: false);

        Assert.Equal([(21, 100, 2)], Ranges());
    }

    [Fact]
    public void It_goes_on_where_a_page_was_cut()
    {
        _look.Begin(100);

        _look.Found([Rows.Of(10)], complete: 10, TimeSpan.Zero, moreKeys: false);

        Assert.Equal([(11, 100, 2)], Ranges());
    }

    [Fact]
    public void The_highest_id_that_there_can_be_ends_it()
    {
        _look.Begin(long.MaxValue);

        _look.Found([Rows.Of(7)], Everything, TimeSpan.Zero, moreKeys: false);

        Assert.False(_look.IsUnderWay);
    }

    [Fact]
    public void One_that_takes_long_comes_less_often()
    {
        _look.Begin(100);
        _look.Found([], Everything, TimeSpan.FromSeconds(3), moreKeys: false);

        _clock.Shift = TimeSpan.FromSeconds(299);
        Assert.False(_look.IsDue);
        _clock.Shift = TimeSpan.FromSeconds(301);
        Assert.True(_look.IsDue);
    }

    [Fact]
    public void It_is_not_over_while_keys_that_are_held_back_are_still_to_be_looked_at()
    {
        _look.Begin(100);
        _look.Found([], Everything, TimeSpan.FromSeconds(1), moreKeys: true);

        Assert.Empty(Ranges());
        Assert.True(_look.IsUnderWay);
        _look.Found([Rows.Of(50)], Everything, TimeSpan.FromSeconds(2), moreKeys: false);

        Assert.False(_look.IsUnderWay);
        _clock.Shift = TimeSpan.FromSeconds(299);
        Assert.False(_look.IsDue);
    }

    [Fact]
    public void A_time_of_day_that_is_set_back_does_not_put_it_off()
    {
        _clock.SetBack = TimeSpan.FromHours(1);
        _clock.Shift = TimeSpan.FromSeconds(61);
        Assert.True(_look.IsDue);

        _look.Begin(100);
        _look.Found([], Everything, TimeSpan.Zero, moreKeys: false);
        _clock.SetBack = TimeSpan.FromHours(2);
        _clock.Shift += TimeSpan.FromSeconds(61);
        Assert.True(_look.IsDue);
    }

    private IEnumerable<(long Low, long High, int Most)> Ranges()
    {
        var looks = _look.AddTo(new GapLooks([], []));
        return looks.Gaps.Select(gap => (gap.Low, gap.High, gap.Most));
    }
}
