using Messaging;

namespace OrderService.Orders.Contracts;

/// <summary>An order cannot be served: a sku is unknown, or too little of it is left. Nothing is reserved.</summary>
public sealed record OrderRejected(Guid OrderId, string CustomerId) : IMessage
{
    /// <inheritdoc />
    public static string MessageType => "orders.order-rejected.v1";
}
