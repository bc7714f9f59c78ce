namespace Inbox.Tests.Retries;

public sealed class RetryLadderTests
{
    private static readonly RetryLadder Default = new(new RetryOptions());

    [Fact]
    public void The_waits_double_up_to_the_cap_and_each_has_one_queue()
    {
        Assert.Equal([2_000, 4_000, 8_000, 16_000, 32_000], Default.Waits);
        Assert.Equal([60_000, 100_000], new RetryLadder(new RetryOptions { First = TimeSpan.FromMinutes(1), Cap = TimeSpan.FromSeconds(100) }).Waits);
    }

    [Theory]
    [InlineData(1, true, null)]
    [InlineData(2, false, 2_000L)]
    [InlineData(6, false, 32_000L)]
    [InlineData(7, false, null)]
    public void A_message_is_tried_at_once_and_then_after_each_wait(int failures, bool immediate, long? wait)
    {
        Assert.Equal(immediate, Default.IsImmediate(failures));
        if (!immediate)
        {
            Assert.Equal(wait, Default.WaitAfter(failures));
        }
    }

    [Fact]
    public void Without_delayed_tries_there_is_no_queue()
    {
        var none = new RetryLadder(new RetryOptions { Tries = 0, Immediate = 0 });

        Assert.Empty(none.Waits);
        Assert.Null(none.WaitAfter(1));
    }
}
