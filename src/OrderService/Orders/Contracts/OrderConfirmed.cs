using Messaging;

namespace OrderService.Orders.Contracts;

/// <summary>The stock of an order is reserved.</summary>
public sealed record OrderConfirmed(Guid OrderId, string CustomerId) : IMessage
{
    /// <inheritdoc />
    public static string MessageType => "orders.order-confirmed.v1";
}
