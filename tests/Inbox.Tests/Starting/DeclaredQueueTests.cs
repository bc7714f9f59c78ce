namespace Inbox.Tests.Starting;

public sealed class DeclaredQueueTests(ServersFixture servers) : ArenaTests(servers)
{
    [Fact]
    public async Task What_a_queue_dead_letters_is_kept_until_its_target_has_it()
    {
        await Arena.DeclareAsync(RetryInAnHour);

        Assert.Equal(
            new()
            {
                ["x-queue-type"] = "quorum",
                ["x-dead-letter-exchange"] = "",
                ["x-dead-letter-routing-key"] = Arena.DeadQueue,
                ["x-dead-letter-strategy"] = "at-least-once",
                ["x-overflow"] = "reject-publish",
                ["x-delivery-limit"] = "50",
                ["x-single-active-consumer"] = "True",
            },
            await ArgumentsAsync(Arena.Queue));
        Assert.Equal(
            new()
            {
                ["x-queue-type"] = "quorum",
                ["x-dead-letter-exchange"] = "",
                ["x-dead-letter-routing-key"] = Arena.Queue,
                ["x-dead-letter-strategy"] = "at-least-once",
                ["x-overflow"] = "reject-publish",
                ["x-message-ttl"] = "3600000",
            },
            await ArgumentsAsync(RetryInAnHourQueue));
    }

    [Fact]
    public async Task A_dead_letter_is_kept_however_often_it_is_looked_at()
    {
        await Arena.DeclareAsync();

        Assert.Equal(
            new() { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = "1000000000", ["x-overflow"] = "reject-publish" },
            await ArgumentsAsync(Arena.DeadQueue));
    }

    private async Task<Dictionary<string, string>> ArgumentsAsync(string queue) =>
        (await Arena.Servers.Management.GetAsync($"queues/{{vhost}}/{queue}")).GetProperty("arguments").EnumerateObject()
            .ToDictionary(argument => argument.Name, argument => argument.Value.ToString());
}
