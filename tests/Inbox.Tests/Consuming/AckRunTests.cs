namespace Inbox.Tests.Consuming;

public sealed class AckRunTests
{
    [Fact]
    public void A_multiple_ack_stops_before_the_first_unsettled_delivery()
    {
        var run = new AckRun(most: 1);
        Settle(run, 1, 2, 4, 5);

        Assert.Equal([new Ack(2, true, 2), new Ack(4, false, 1), new Ack(5, false, 1)], run.Take());

        run.Settle(3);
        // 4 and 5 are acked already: an ack of 5 would close the channel.
        Assert.Equal([new Ack(3, true, 1)], run.Take());
        run.Settle(6);
        Assert.Equal([new Ack(6, true, 1)], run.Take());
        Assert.Empty(run.Take());
    }

    [Fact]
    public void What_is_settled_ahead_waits_for_the_delivery_before_it_and_shares_its_ack()
    {
        var run = new AckRun(most: 2);
        Settle(run, 2, 3);
        Assert.Empty(run.Take());

        run.Settle(1);
        Assert.Equal([new Ack(3, true, 3)], run.Take());
    }

    [Fact]
    public void At_the_end_nothing_waits_any_more()
    {
        var run = new AckRun(most: 10);
        Settle(run, 1, 3);

        Assert.Equal([new Ack(1, true, 1), new Ack(3, false, 1)], run.TakeAll());
        Assert.Empty(run.TakeAll());
    }

    [Fact]
    public void A_reject_goes_ahead_of_the_acks_and_none_of_them_passes_it_before()
    {
        var run = new AckRun(most: 10);
        run.Reject(2);
        Settle(run, 3);
        Assert.Equal([new Ack(2, false, 1, Rejects: true)], run.Take());

        run.Reject(1);
        // 2 is rejected already, so the ack is of one delivery.
        Assert.Equal([new Ack(1, false, 1, Rejects: true), new Ack(3, true, 1)], run.Take());
        run.Reject(4);
        Assert.Equal([new Ack(4, false, 1, Rejects: true)], run.TakeAll());
        Assert.Empty(run.TakeAll());
    }

    [Fact]
    public void What_is_acked_ahead_of_an_unsettled_delivery_takes_up_no_memory()
    {
        var run = new AckRun(most: 10);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var tag = 2UL; tag <= 1_000_001; tag++)
        {
            run.Settle(tag);
            Assert.DoesNotContain(run.Take(), ack => ack.Multiple);
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 2_000_000);
        run.TakeAll();
        run.Settle(1_000_003);
        run.Settle(1);
        Assert.Equal([new Ack(1, true, 1)], run.Take());
        run.Settle(1_000_002);
        Assert.Equal([new Ack(1_000_003, true, 2)], run.Take());
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 5)]
    [InlineData(3, 200)]
    public void Whatever_the_order_each_settled_delivery_is_acked_once_and_no_other(int seed, int most)
    {
        var random = new Random(seed);
        var run = new AckRun(most);
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

            foreach (var ack in waiting.Count > 0 ? run.Take() : run.TakeAll())
            {
                Assert.Contains(ack.Tag, unacked);
                var covered = ack.Multiple ? unacked.Where(tag => tag <= ack.Tag).ToList() : [ack.Tag];
                Assert.All(covered, tag => Assert.Contains(tag, settled));
                Assert.Equal(covered.Count, ack.Deliveries);
                unacked.ExceptWith(covered);
            }

            Assert.InRange(unacked.Count(settled.Contains), 0, most);
        }

        Assert.Empty(unacked);
    }

    private static void Settle(AckRun run, params ulong[] tags)
    {
        foreach (var tag in tags)
        {
            run.Settle(tag);
        }
    }
}
