using Outbox.Relay;

namespace Outbox.Tests.Reading;

public sealed class LookaheadTests
{
    private readonly Lookahead _lookahead = new(batchSize: 1_000, TimeProvider.System);

    [Fact]
    public void A_page_that_others_have_filled_does_not_turn_the_line_of_a_key_back_to_where_it_has_been()
    {
        _lookahead.Offer([.. Enumerable.Range(1_001, 400).Select(id => Row(id))], [], [], complete: long.MaxValue);
        for (var sent = 0; sent < 200; sent++)
        {
            Assert.True(_lookahead.TryTake(out var row));
            _lookahead.Confirmed(row);
        }

        var (keys, from, _) = _lookahead.BeginRead();
        Assert.Equal(["hot"], keys);

        // A look everywhere met a thousand rows of others below.
        _lookahead.Offer([], keys, from, complete: 500);

        Assert.Equal(from, _lookahead.BeginRead().From);
    }

    private static OutboxRow Row(long id) => new()
    {
        Id = id,
        MessageId = Guid.CreateVersion7(),
        Exchange = "",
        RoutingKey = "",
        Type = "",
        Key = "hot",
        ContentType = "",
        Headers = null,
        TraceParent = null,
        CreatedAt = DateTime.UnixEpoch,
        Attempts = 0,
        Deferred = false,
        NotDue = false,
        Body = [],
    };
}
