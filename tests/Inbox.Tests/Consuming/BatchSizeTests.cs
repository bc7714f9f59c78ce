namespace Inbox.Tests.Consuming;

public sealed class BatchSizeTests
{
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(10);

    [Fact]
    public void It_begins_with_one_and_doubles_up_to_its_limit()
    {
        var size = new BatchSize(100);
        var sizes = new List<int>();
        for (var i = 0; i < 9; i++)
        {
            sizes.Add(size.Current);
            size.Committed(size.Current, Quick);
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 100, 100], sizes);
    }

    [Fact]
    public void It_begins_again_with_one_on_contention_and_is_soon_back()
    {
        var size = new BatchSize(100);
        Grow(size, 100);

        size.Contended();

        Assert.Equal(1, size.Current);
        Assert.Equal(16 + 8 + 4 + 2 + 1 + 1 + 1, Grow(size, 100));
    }

    [Fact]
    public void Where_the_first_larger_batch_contends_again_it_grows_ever_more_seldom()
    {
        var size = new BatchSize(100);
        var waits = new List<int>();
        for (var i = 0; i < 6; i++)
        {
            size.Contended();
            waits.Add(Grow(size, 2));
        }

        Assert.Equal([16, 64, 256, 1_024, 4_096, 4_096], waits);
    }

    [Fact]
    public void It_halves_when_a_transaction_takes_long()
    {
        var size = new BatchSize(100);
        Grow(size, 100);

        size.Committed(100, TimeSpan.FromSeconds(3));

        Assert.Equal(50, size.Current);
    }

    [Fact]
    public void It_halves_when_a_batch_fails_that_took_long_down_to_one()
    {
        var size = new BatchSize(100);
        Grow(size, 100);

        var sizes = new List<int>();
        for (var i = 0; i < 8; i++)
        {
            size.Failed(size.Current, TimeSpan.FromSeconds(40));
            sizes.Add(size.Current);
        }

        Assert.Equal([50, 25, 12, 6, 3, 1, 1, 1], sizes);
    }

    [Fact]
    public void A_batch_that_fails_quickly_does_not_change_it()
    {
        var size = new BatchSize(100);
        Grow(size, 100);

        size.Failed(100, Quick);

        Assert.Equal(100, size.Current);
    }

    [Fact]
    public void Fewer_messages_than_it_allows_do_not_make_it_grow()
    {
        var size = new BatchSize(100);
        Grow(size, 8);

        size.Committed(3, Quick);

        Assert.Equal(8, size.Current);
    }

    private static int Grow(BatchSize size, int to)
    {
        var transactions = 0;
        while (size.Current < to)
        {
            size.Committed(size.Current, Quick);
            transactions++;
        }

        return transactions;
    }
}
