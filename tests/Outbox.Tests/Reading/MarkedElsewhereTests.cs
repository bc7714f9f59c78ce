using Outbox.Relay;

namespace Outbox.Tests.Reading;

public sealed class MarkedElsewhereTests
{
    private readonly Lookahead _lookahead = new(batchSize: 1_000);

    [Fact]
    public void Rows_that_are_marked_while_they_are_still_on_their_way_fill_nothing_for_ever()
    {
        for (var id = 1; id <= 10_000; id++)
        {
            _lookahead.Offer([Rows.Of(id, body: new byte[100_000])], _lookahead.BeginRead(), complete: id);
            Assert.True(_lookahead.TryTake(out var row));

            // What an earlier term has confirmed may be marked late, and this one has read it again.
            _lookahead.Marked([id]);
            _lookahead.Confirmed(row);
            _lookahead.Marked([id]);
        }

        Assert.True(_lookahead.HasRoom());
        _lookahead.Offer([.. Enumerable.Range(20_001, 400).Select(id => Rows.Of(id, body: new byte[100_000]))], _lookahead.BeginRead(), complete: long.MaxValue);
        Assert.False(_lookahead.HasRoom());
    }

    [Fact]
    public void One_that_is_marked_while_it_is_being_read_is_not_published_again()
    {
        var again = _lookahead.BeginRead();

        _lookahead.Marked([1]);
        _lookahead.Offer([Rows.Of(1)], again, complete: long.MaxValue);

        Assert.False(_lookahead.TryTake(out _));
    }
}
