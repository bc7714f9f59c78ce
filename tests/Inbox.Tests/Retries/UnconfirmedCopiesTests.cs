namespace Inbox.Tests.Retries;

public sealed class UnconfirmedCopiesTests
{
    [Fact]
    public async Task As_many_copies_as_are_allowed_hold_up_nobody_and_one_more_waits_for_a_confirm()
    {
        List<ulong> settled = [];
        var copies = new UnconfirmedCopies(most: 2, deliveries => settled.AddRange(deliveries.Select(delivery => delivery.Tag)), failure => Assert.Fail("None fails."));
        TaskCompletionSource[] confirms = [new(), new(), new()];

        Assert.True(copies.AddAsync(Delivery(1), confirms[0].Task).IsCompletedSuccessfully);
        Assert.True(copies.AddAsync(Delivery(2), confirms[1].Task).IsCompletedSuccessfully);
        var third = copies.AddAsync(Delivery(3), confirms[2].Task);
        Assert.False(third.IsCompleted);

        confirms[1].SetResult();
        await third.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal([2UL], settled);
        confirms[0].SetResult();
        confirms[2].SetResult();
        await copies.EndAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal<ulong>([1, 2, 3], settled.Order());
    }

    private static Delivery Delivery(ulong tag) => new() { Tag = tag, Body = [], Properties = new RabbitMQ.Client.BasicProperties(), DeliveryCount = 0 };
}
