using Outbox.Relay;

namespace Outbox.Tests.Reading;

public sealed class GapRangesTests
{
    private const long Everything = long.MaxValue;
    private readonly GapRanges _gaps = new();

    [Fact]
    public void What_was_given_out_before_the_take_over_is_looked_through_once_when_nobody_can_fill_it()
    {
        _gaps.Begin(100, []);
        Assert.Equal([(long.MinValue, 100)], Ranges());

        _gaps.Found([], Everything, cursor: 100);

        Assert.Empty(Ranges());
    }

    [Fact]
    public void A_look_that_was_cut_goes_on_where_it_ended()
    {
        _gaps.Begin(100, []);

        _gaps.Found([10, 11, 50], complete: 50, cursor: 100);

        Assert.Equal([(51, 100)], Ranges());
    }

    [Fact]
    public void What_was_given_out_before_the_take_over_is_looked_for_as_long_as_somebody_can_fill_it()
    {
        _gaps.Begin(100, ["open", "ended"]);
        _gaps.Found([10], Everything, cursor: 100);
        _gaps.Observe(["open", "later"]);
        _gaps.Found([], Everything, cursor: 100);
        Assert.Equal([(long.MinValue, 9), (11, 100)], Ranges());

        _gaps.Observe(["later"]);
        _gaps.Found([40], Everything, cursor: 100);

        Assert.Empty(Ranges());
    }

    [Fact]
    public void A_look_everywhere_is_one_and_leaves_the_ranges_as_they_are()
    {
        _gaps.Found([11], Everything, cursor: 10);
        _gaps.Found([15, 20], Everything, cursor: 11);
        _gaps.Observe(["open"]);
        Assert.Equal([(12, 14), (16, 19)], Ranges());

        _gaps.LookEverywhereUpTo(20);
        Assert.Equal([(long.MinValue, 11), (12, 14), (15, 15), (16, 19), (20, 20)], Ranges());
        _gaps.Found([5], Everything, cursor: 20);

        Assert.Equal([(12, 14), (16, 19)], Ranges());
    }

    [Fact]
    public void Ranges_that_have_become_too_many_wait_for_nobody_who_came_later()
    {
        _gaps.Begin(5_000, ["open"]);
        _gaps.Found([.. Enumerable.Range(1, 1_200).Select(i => 2L * i)], complete: 2_400, cursor: 5_000);
        Assert.Single(Ranges());

        _gaps.Observe(["open", "later"]);
        Assert.True(_gaps.NeedsHolders);
        _gaps.Observe(["later"]);

        Assert.False(_gaps.NeedsHolders);
    }

    private IEnumerable<(long Low, long High)> Ranges() => _gaps.Lows.Zip(_gaps.Highs);
}
