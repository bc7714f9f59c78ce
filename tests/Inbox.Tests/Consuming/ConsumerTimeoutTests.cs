using System.Text.Json;

namespace Inbox.Tests.Consuming;

/// <summary>How long the broker lets a message wait for its ack before it takes it back.</summary>
public sealed class ConsumerTimeoutTests(ServersFixture servers) : ArenaTests(servers)
{
    [Theory]
    [InlineData(true, "{\"x-consumer-timeout\":86400000}")]
    [InlineData(false, "{}")]
    public async Task An_ordered_queue_asks_for_a_day_and_another_for_nothing(bool ordered, string arguments)
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            if (!ordered)
            {
                setup.Queue = queue => queue.Unordered();
            }
        });

        // The broker tells what consumers there are a moment later.
        await Eventually.EqualsAsync(arguments, ArgumentsAsync, TimeSpan.FromSeconds(20), "arguments of the subscription");
    }

    private async Task<string?> ArgumentsAsync() => (await Arena.Servers.Management.GetAsync("consumers/{vhost}")).EnumerateArray()
        .Single(one => one.GetProperty("queue").GetProperty("name").GetString() == Arena.Queue)
        .GetProperty("arguments") is { ValueKind: JsonValueKind.Object } arguments ? arguments.GetRawText() : "{}";
}
