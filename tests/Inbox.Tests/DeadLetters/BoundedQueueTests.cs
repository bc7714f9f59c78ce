using RabbitMQ.Client;

namespace Inbox.Tests.DeadLetters;

public sealed class BoundedQueueTests(ServersFixture servers) : ArenaTests(servers)
{
    private const int Messages = 5;

    [Fact]
    public async Task A_policy_that_bounds_the_dead_letter_queue_drops_no_dead_letter()
    {
        await using var consumer = await Arena.ConsumeAsync();
        await Arena.Servers.Management.SetPolicyAsync("bound", "dead$", new Dictionary<string, object> { ["max-length"] = 1 });
        await Eventually.IsTrueAsync(
            async () => (await Arena.Servers.Management.GetAsync($"queues/{{vhost}}/{Arena.DeadQueue}")).TryGetProperty("effective_policy_definition", out var policy)
                && policy.TryGetProperty("max-length", out _),
            TimeSpan.FromSeconds(20), "the policy has its effect");

        for (var number = 0; number < Messages; number++)
        {
            await Arena.PublishRawAsync(new BasicProperties { MessageId = "none", DeliveryMode = DeliveryModes.Persistent }, new byte[1]);
        }

        await Eventually.IsTrueAsync(
            () => Task.FromResult(
                consumer.Counts["inbox.dead_lettered"] == Messages
                || consumer.Log.All.Any(line => line.Contains("It is kept unacked", StringComparison.Ordinal))),
            TimeSpan.FromSeconds(20), "the queue is full, or has taken all of them");
        await Arena.Servers.Management.DeletePolicyAsync("bound");

        await Eventually.EqualsAsync((uint)Messages, () => Arena.MessagesAsync(Arena.DeadQueue), TimeSpan.FromSeconds(40), "dead letters");
    }
}
