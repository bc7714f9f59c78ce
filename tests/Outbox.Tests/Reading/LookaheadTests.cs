using Outbox.Relay;

namespace Outbox.Tests.Reading;

public sealed class LookaheadTests
{
    private readonly Lookahead _lookahead = new(batchSize: 1_000);

    [Fact]
    public void A_page_that_others_have_filled_does_not_turn_the_line_of_a_key_back_to_where_it_has_been()
    {
        _lookahead.Offer([.. Enumerable.Range(1_001, 400).Select(id => Rows.Of(id, "hot"))], Rows.NoneAgain, complete: long.MaxValue);
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
    public void Keys_that_are_held_back_are_read_again_each_once_and_some_with_each_read()
    {
        var keys = Enumerable.Range(1, 3_000).Select(number => $"k{number}").ToList();
        keys.ForEach(key => _lookahead.Block(key, keys.IndexOf(key)));
        _lookahead.DoubtBlocks();

        var asked = new List<string>();
        while (_lookahead.HasDoubts())
        {
            var again = _lookahead.BeginRead();
            Assert.InRange(again.Lines.Sum(line => line.Most), 1, 500 / 2);
            asked.AddRange(again.Lines.Select(line => line.Line.Key));
            _lookahead.Offer([], again, complete: long.MaxValue);
        }

        Assert.Equal(keys, asked);
    }

    [Fact]
    public void No_more_are_taken_while_thousands_wait_to_be_marked_or_charged()
    {
        _lookahead.Offer([.. Enumerable.Range(1, 20_000).Select(id => Rows.Of(id))], Rows.NoneAgain, complete: long.MaxValue);
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
        _lookahead.Deferred(taken[1]);
        Assert.True(_lookahead.TryTake(out var next));
        _lookahead.Confirmed(next);
        Assert.False(_lookahead.TryTake(out _));
    }

    [Fact]
    public void A_few_keys_with_a_long_backlog_do_not_keep_everything_else_from_being_read()
    {
        var last = 0L;
        for (var page = 0; page < 20; page++)
        {
            Assert.True(_lookahead.HasRoom());
            var again = _lookahead.BeginRead();
            _lookahead.Offer([.. Enumerable.Range(0, 1_000).Select(_ => Rows.Of(++last, $"hot-{last % 8}"))], again, complete: last);
            while (_lookahead.TryTake(out _))
            {
            }
        }

        _lookahead.Offer([Rows.Of(++last, "another")], _lookahead.BeginRead(), complete: last);
        Assert.True(_lookahead.TryTake(out var taken));
        Assert.Equal("another", taken.Key);
    }

    [Fact]
    public async Task Room_that_a_page_has_taken_and_a_publish_has_given_back_is_told()
    {
        _lookahead.Offer([Rows.Of(1)], Rows.NoneAgain, complete: long.MaxValue);
        Assert.True(_lookahead.TryTake(out _));
        for (var page = 1; _lookahead.HasRoom(); page++)
        {
            _lookahead.Offer([.. Enumerable.Range(page * 1_000, 1_000).Select(id => Rows.Of(id))], Rows.NoneAgain, complete: long.MaxValue);
        }

        await _lookahead.Readable.WaitAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None);
        Assert.True(_lookahead.TryTake(out _));

        Assert.True(_lookahead.HasRoom());
        await _lookahead.Readable.WaitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Many_keys_with_a_large_row_behind_one_that_is_not_taken_do_not_fill_the_memory()
    {
        var body = new byte[16 * 1024 * 1024];
        _lookahead.Offer([.. Enumerable.Range(1, 63).Select(id => Rows.Of(id, $"k{id}"))], Rows.NoneAgain, complete: 63);
        var rows = 0;
        while (_lookahead.HasRoom() && rows < 63)
        {
            // So many as the statement brings of this size.
            _lookahead.Offer([.. Enumerable.Range(64 + rows, 2).Select(id => Rows.Of(id, $"k{id - 63}", body: body))], _lookahead.BeginRead(), complete: 65 + rows);
            rows += 2;
        }

        Assert.InRange(rows, 2, 10);
        Assert.True(_lookahead.TryTake(out var small));
        _lookahead.Confirmed(small);
        Assert.False(_lookahead.HasRoom());
        while (_lookahead.TryTake(out var row))
        {
            _lookahead.Confirmed(row);
        }

        Assert.True(_lookahead.HasRoom());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("key")]
    public void Long_headers_and_keys_fill_the_memory_as_bodies_do(string? key)
    {
        var text = new string('x', 128 * 1024);
        _lookahead.Offer(
            [.. Enumerable.Range(1, 200).Select(id => Rows.Of(id, key is null ? null : text + id, headers: key is null ? text : null))], Rows.NoneAgain, complete: 200);

        Assert.False(_lookahead.HasRoom());
    }

    [Fact]
    public void Of_what_waits_to_be_marked_neither_body_nor_headers_stay_in_memory()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var last = 0; last < 4_000; last += 500)
        {
            _lookahead.Offer(
                [.. Enumerable.Range(last + 1, 500).Select(id => Rows.Of(id, headers: new string('x', 16 * 1024), body: new byte[32 * 1024]))],
                _lookahead.BeginRead(), complete: last + 500);
            while (_lookahead.TryTake(out var row))
            {
                _lookahead.Confirmed(row);
            }
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 30_000_000, $"Memory has grown by {grown:N0} bytes.");
        Assert.True(_lookahead.HasRoom());
    }

    [Fact]
    public async Task Room_that_a_mark_has_made_is_told()
    {
        var key = new string('k', 64 * 1024);
        for (var last = 0; _lookahead.HasRoom(); last += 100)
        {
            _lookahead.Offer([.. Enumerable.Range(last + 1, 100).Select(id => Rows.Of(id, key + id))], _lookahead.BeginRead(), complete: last + 100);
            while (_lookahead.TryTake(out var row))
            {
                _lookahead.Confirmed(row);
            }
        }

        await _lookahead.Readable.WaitAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None);
        _lookahead.Marked(Enumerable.Range(1, 1_000).Select(id => (long)id));

        Assert.True(_lookahead.HasRoom());
        await _lookahead.Readable.WaitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_read_that_began_before_its_line_was_doubted_does_not_lead_past_the_row_in_doubt()
    {
        _lookahead.Offer([Rows.Of(10, "k"), Rows.Of(11, "k")], Rows.NoneAgain, complete: long.MaxValue);
        Assert.True(_lookahead.TryTake(out var refused));
        _lookahead.Refused(refused);
        _lookahead.Recall("k", 5);
        var again = _lookahead.BeginRead();

        _lookahead.ReadAgainFrom(refused);
        _lookahead.Offer([Rows.Of(5, "k"), Rows.Of(10, "k"), Rows.Of(11, "k")], again, complete: long.MaxValue);
        while (_lookahead.TryTake(out var row))
        {
            _lookahead.Confirmed(row);
            _lookahead.Marked([row.Id]);
        }

        var line = Assert.Single(_lookahead.BeginRead().Lines);
        Assert.InRange(line.From, long.MinValue, 10);
    }

    [Fact]
    public void A_deferred_row_that_comes_back_before_its_time_does_not_lead_past_the_next_deferred_one()
    {
        // 8 and 10 are deferred, 11 waits behind them, and then an operator gives 8 no time any more.
        _lookahead.Block("k", 8);
        _lookahead.Offer([Rows.Of(11, "k")], Rows.NoneAgain, complete: long.MaxValue);
        Assert.False(_lookahead.TryTake(out _));
        _lookahead.Offer([Rows.Of(8, "k")], _lookahead.BeginRead(), complete: long.MaxValue);
        Assert.True(_lookahead.TryTake(out var released));
        Assert.Equal(8, released.Id);

        _lookahead.Confirmed(released);

        var line = Assert.Single(_lookahead.BeginRead().Lines);
        Assert.InRange(line.From, 9, 10);
    }

    [Fact]
    public void A_deferred_row_that_a_read_has_come_to_exactly_is_read_when_it_is_due()
    {
        const int Before = 385;
        _lookahead.Block("k", Before + 1);
        _lookahead.Offer([.. Enumerable.Range(1, Before).Select(id => Rows.Of(id, "k"))], Rows.NoneAgain, complete: long.MaxValue);
        for (var sent = 0; sent < Before; sent++)
        {
            if (_lookahead.BeginRead() is { Lines: [var line] } again)
            {
                var rows = Enumerable.Range((int)line.From, line.Most).Where(id => id <= Before).Select(id => Rows.Of(id, "k"));
                _lookahead.Offer([.. rows], again, complete: long.MaxValue);
            }

            Assert.True(_lookahead.TryTake(out var row));
            _lookahead.Confirmed(row);
        }

        Assert.True(_lookahead.Recall("k", Before + 1));
        Assert.Equal([Before + 1], _lookahead.BeginRead().Lines.Select(line => line.From));
    }
}
