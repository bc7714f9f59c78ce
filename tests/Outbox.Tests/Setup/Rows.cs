using Outbox.Relay;

namespace Outbox.Tests;

/// <summary>Rows as a read would bring them, for tests without a database.</summary>
internal static class Rows
{
    public static OutboxRow Of(long id, string? key = null, bool deferred = false, string? headers = null, byte[]? body = null) => new()
    {
        Id = id,
        MessageId = Guid.CreateVersion7(),
        Exchange = "",
        RoutingKey = "",
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
