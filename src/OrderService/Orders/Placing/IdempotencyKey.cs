namespace OrderService.Orders.Placing;

/// <summary>Remembers which order a client's Idempotency-Key has made.</summary>
internal sealed class IdempotencyKey
{
    /// <summary>As the client sent it.</summary>
    public required string Key { get; init; }

    /// <summary>SHA-256 over what the request meant: see <see cref="PlaceOrderRequest.Hash"/>.</summary>
    public required byte[] BodyHash { get; init; }

    public required Guid OrderId { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}
