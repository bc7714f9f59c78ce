using System.Text.Json;

namespace OrderService.Tests.Orders;

/// <summary>What the messages in the outbox say to other services.</summary>
internal static class MessageBodies
{
    /// <summary>Fails unless there is one message of this type, which has these fields and no others.</summary>
    public static async Task TellsOnceAsync(this ServiceArena arena, string type, string json)
    {
        var bodies = await arena.Arena.ScalarAsync<string[]>("SELECT array_agg(convert_from(body, 'UTF8')) FROM outbox_message WHERE type = $1", type);
        var body = Assert.Single(bodies ?? []);
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(json), JsonElement.Parse(body)), $"Expected {json}, got {body}");
    }
}
