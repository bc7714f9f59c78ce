using Outbox.Relay;

namespace Outbox.Tests.Reading;

public sealed class LookaheadTests
{
    private readonly Lookahead _lookahead = new(batchSize: 1_000, TimeProvider.System);

    [Fact]
    public void A_page_that_others_have_filled_does_not_turn_the_line_of_a_key_back_to_where_it_has_been()
    {
        _lookahead.Offer([.. Enumerable.Range(1_001, 400).Select(id => Rows.Of(id, "hot"))], ReadAgain.Nothing, complete: long.MaxValue);
        for (var sent = 0; sent < 200; sent++)
        {
            Assert.True(_lookahead.TryTake(out var row));
            _lookahead.Confirmed(row);
        }

        var again = _lookahead.BeginRead();
        Assert.Equal(["hot"], again.Lines.Select(line => line.Line.Key));

        // A look everywhere met a thousand rows of others below.
        _lookahead.Offer([], again, complete: 500);

        Assert.Equal(again.Lines.Select(line => line.From), _lookahead.BeginRead().Lines.Select(line => line.From));
    }

    [Fact]
    public void No_more_are_taken_while_thousands_wait_to_be_marked_or_charged()
    {
        _lookahead.Offer([.. Enumerable.Range(1, 20_000).Select(id => Rows.Of(id))], ReadAgain.Nothing, complete: long.MaxValue);
        var taken = new List<OutboxRow>();
        while (_lookahead.TryTake(out var row))
        {
            taken.Add(row);
            if (row.Id % 2 == 0)
            {
                _lookahead.Refused(row);
            }
            else
            {
                _lookahead.Confirmed(row);
            }
        }

        Assert.InRange(taken.Count, 1_000, 10_000);
        _lookahead.Deferred(taken[1], TimeSpan.FromHours(1));
        Assert.True(_lookahead.TryTake(out var next));
        _lookahead.Confirmed(next);
        Assert.False(_lookahead.TryTake(out _));
    }
}
