using Outbox.Relay;

namespace Outbox.Tests;

/// <summary>Rows as a read would bring them, for tests without a database.</summary>
internal static class Rows
{
    /// <summary>A read fetches nothing beside what is new.</summary>
    public static ReadAgain NoneAgain { get; } = new([], []);

    public static OutboxRow Of(long id, string? key = null, bool deferred = false, string? headers = null, byte[]? body = null, string exchange = "", string routingKey = "") => new()
    {
        Id = id,
        MessageId = Guid.CreateVersion7(),
        Exchange = exchange,
        RoutingKey = routingKey,
        Type = "",
        Key = key,
        ContentType = "",
        Headers = headers,
        TraceParent = null,
        CreatedAt = DateTime.UnixEpoch,
        Attempts = 0,
        Deferred = deferred,
        NotDue = false,
        Body = body ?? [],
    };
}
