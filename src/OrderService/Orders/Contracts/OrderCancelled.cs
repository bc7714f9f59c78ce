using Messaging;

namespace OrderService.Orders.Contracts;

/// <summary>The customer does not want an order any more.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="CustomerId">Whose order it was.</param>
/// <param name="HeldStock">True if the order was confirmed: its stock is to be given back. False if it was cancelled before
/// fulfilment came to it, which will then leave it alone.</param>
public sealed record OrderCancelled(Guid OrderId, string CustomerId, bool HeldStock) : IMessage
{
    /// <inheritdoc />
    public static string MessageType => "orders.order-cancelled.v1";
}
