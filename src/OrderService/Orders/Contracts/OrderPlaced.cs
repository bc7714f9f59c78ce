using Messaging;

namespace OrderService.Orders.Contracts;

/// <summary>An order was stored; nothing is reserved yet.</summary>
public sealed record OrderPlaced(
    Guid OrderId, string CustomerId, string Currency, decimal Total, DateTimeOffset PlacedAt, IReadOnlyList<OrderPlaced.Line> Lines) : IMessage
{
    /// <inheritdoc />
    public static string MessageType => "orders.order-placed.v1";

    /// <summary>One line, in the order in which the customer gave them.</summary>
    public sealed record Line(string Sku, int Quantity, decimal UnitPrice);
}
