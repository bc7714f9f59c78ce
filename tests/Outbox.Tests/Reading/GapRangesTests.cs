using Outbox.Relay;

namespace Outbox.Tests.Reading;

public sealed class GapRangesTests
{
    private const long Everything = long.MaxValue;
    private readonly GapRanges _gaps = new();

    [Fact]
    public void What_was_given_out_before_the_take_over_is_looked_through_once_when_nobody_can_fill_it()
    {
        _gaps.Begin(100, Holders());
        Assert.Equal([(long.MinValue, 100)], Ranges());

        _gaps.Found([], Everything, cursor: 100);

        Assert.Empty(Ranges());
    }

    [Fact]
    public void A_look_that_was_cut_goes_on_where_it_ended()
    {
        _gaps.Begin(100, Holders());

        _gaps.Found([10, 11, 50], complete: 50, cursor: 100);

        Assert.Equal([(51, 100)], Ranges());
    }

    [Fact]
    public void What_was_given_out_before_the_take_over_is_looked_for_as_long_as_somebody_can_fill_it()
    {
        _gaps.Begin(100, Holders("open", "ended"));
        _gaps.Found([10], Everything, cursor: 100);
        _gaps.Observe(Holders("open", "later"));
        _gaps.Found([], Everything, cursor: 100);
        Assert.Equal([(long.MinValue, 9), (11, 100)], Ranges());

        _gaps.Observe(Holders("later"));
        _gaps.Found([40], Everything, cursor: 100);

        Assert.Empty(Ranges());
    }

    [Fact]
    public void A_range_waits_for_the_transactions_that_could_fill_it_once_it_has_been_looked_through_beside_them()
    {
        _gaps.Found([11], Everything, cursor: 9);
        _gaps.Observe(Holders("open", "other"));
        Assert.Equal([0], Looks().Gaps.Select(gap => gap.Watch));

        _gaps.Found([], Everything, cursor: 11);
        Assert.Equal([1], Looks().Gaps.Select(gap => gap.Watch));
        Assert.Equal([1, 1], Looks().Holders.Select(holder => holder.Watch));
        Assert.Equal([Xid("open"), Xid("other")], Looks().Holders.Select(holder => holder.Xid));

        _gaps.Observe(Holders("open", "later"));
        Assert.Equal([0], Looks().Gaps.Select(gap => gap.Watch));
        _gaps.Found([], Everything, cursor: 11);
        Assert.Equal([Xid("open")], Looks().Holders.Select(holder => holder.Xid));
    }

    [Fact]
    public void A_range_waits_for_one_who_has_no_transaction_id_too_and_for_the_id_once_there_is_one()
    {
        _gaps.Found([11], Everything, cursor: 9);
        _gaps.Observe(new() { ["open"] = Xid("open"), ["copy"] = null });
        _gaps.Found([], Everything, cursor: 11);
        _gaps.Observe(new() { ["open"] = Xid("open"), ["copy"] = null });
        Assert.Equal([1], Looks().Gaps.Select(gap => gap.Watch));
        Assert.Equal(["open", "copy"], Looks().Holders.Select(holder => holder.Transaction));
        Assert.Equal([Xid("open"), null], Looks().Holders.Select(holder => holder.Xid));

        _gaps.Observe(Holders("open", "copy"));

        Assert.Equal([Xid("open"), Xid("copy")], Looks().Holders.Select(holder => holder.Xid));
    }

    [Fact]
    public void A_look_that_was_cut_has_not_seen_the_rest_of_a_range()
    {
        _gaps.Begin(100, Holders("open"));

        _gaps.Found([10, 50], complete: 50, cursor: 100);

        Assert.Equal([(long.MinValue, 9), (11, 49), (51, 100)], Ranges());
        Assert.Equal([1, 1, 0], Looks().Gaps.Select(gap => gap.Watch));
    }

    [Fact]
    public void Ranges_that_have_become_too_many_wait_together_for_what_each_has_waited_for()
    {
        for (var page = 0L; page < 5; page++)
        {
            _gaps.Found([.. Enumerable.Range(1, 900).Select(i => (1_800 * page) + (2L * i))], Everything, cursor: 1_800 * page);
            _gaps.Observe(Holders("open"));
        }

        // Those of the last page have had no look yet.
        Assert.Equal((1, 7_199), Ranges().First());
        Assert.Equal([1, .. Enumerable.Repeat(0, 900)], Looks().Gaps.Select(gap => gap.Watch));
    }

    [Fact]
    public void Ranges_that_have_become_too_many_wait_for_nobody_who_came_later()
    {
        for (var page = 0L; page < 5; page++)
        {
            // No two pages wait for the same, and no look is complete.
            _gaps.Found([.. Enumerable.Range(1, 1_200).Select(i => (2_400 * page) + (2L * i))], complete: 0, cursor: 2_400 * page);
            _gaps.Observe(Holders([.. Enumerable.Range(0, (int)page + 1).Select(i => $"holder {i}")]));
        }

        _gaps.Found([12_001], complete: 0, cursor: 12_000);
        _gaps.Observe(Holders("later"));

        Assert.False(_gaps.NeedHolders);
    }

    [Fact]
    public void Ranges_that_wait_for_somebody_do_not_count_into_how_much_a_read_walks() =>
        Assert.Equal(50, new GapLooks([new(long.MinValue, 100, Watch: 1, Most: 8), new(101, 150, Watch: 0, Most: 8)], [new(1, "3/7", Xid: null)]).Width);

    private static long Xid(string holder) => 1_000 + holder.Length;

    private static Dictionary<string, long?> Holders(params string[] holders) => holders.ToDictionary(holder => holder, holder => (long?)Xid(holder));

    private GapLooks Looks() => _gaps.Looks(most: 1_000);

    private IEnumerable<(long Low, long High)> Ranges() => Looks().Gaps.Select(gap => (gap.Low, gap.High));
}
