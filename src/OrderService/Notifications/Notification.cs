namespace OrderService.Notifications;

/// <summary>What the customer was told about an order.</summary>
internal sealed class Notification
{
    public long Id { get; init; }

    public required Guid OrderId { get; init; }

    /// <summary>"confirmed" or "rejected".</summary>
    public required string Kind { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}
