namespace Inbox.Tests.Consuming;

public sealed class AckRunTests
{
    [Fact]
    public void A_multiple_ack_stops_before_the_first_unsettled_delivery()
    {
        var run = new AckRun();
        foreach (var tag in (ulong[])[1, 2, 4, 5])
        {
            run.Settle(tag);
        }

        Assert.Equal([new Ack(2, true), new Ack(4, false), new Ack(5, false)], run.Take());

        run.Settle(3);
        // 4 and 5 are acked already: an ack of 5 would close the channel.
        Assert.Equal([new Ack(3, true)], run.Take());
        run.Settle(6);
        Assert.Equal([new Ack(6, true)], run.Take());
        Assert.Empty(run.Take());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_the_order_each_settled_delivery_is_acked_once_and_no_other(int seed)
    {
        var random = new Random(seed);
        var run = new AckRun();
        var waiting = Enumerable.Range(1, 2_000).Select(tag => (ulong)tag).ToList();
        var settled = new HashSet<ulong>();
        var unacked = new SortedSet<ulong>(waiting);
        while (waiting.Count > 0)
        {
            for (var i = random.Next(1, 20); i > 0 && waiting.Count > 0; i--)
            {
                // Nearly in order, as several lanes settle.
                var index = random.Next(Math.Min(50, waiting.Count));
                run.Settle(waiting[index]);
                settled.Add(waiting[index]);
                waiting.RemoveAt(index);
            }

            foreach (var ack in run.Take())
            {
                Assert.Contains(ack.Tag, unacked);
                var covered = ack.Multiple ? unacked.Where(tag => tag <= ack.Tag).ToList() : [ack.Tag];
                Assert.All(covered, tag => Assert.Contains(tag, settled));
                unacked.ExceptWith(covered);
            }

            Assert.DoesNotContain(unacked, settled.Contains);
        }

        Assert.Empty(unacked);
    }
}
