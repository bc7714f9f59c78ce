namespace OrderService.Orders;

/// <summary>An order as clients see it.</summary>
internal sealed record OrderResponse(
    Guid Id, string CustomerId, string Currency, OrderStatus Status, decimal Total, IReadOnlyList<OrderResponse.Line> Lines, DateTimeOffset PlacedAt)
{
    public static OrderResponse Of(Order order) => new(
        order.Id, order.CustomerId, order.Currency, order.Status, order.Total,
        [.. order.Lines.OrderBy(line => line.Line).Select(line => new Line(line.Sku, line.Quantity, line.UnitPrice))],
        order.PlacedAt);

    /// <summary>One line, in the order in which the customer gave them.</summary>
    internal sealed record Line(string Sku, int Quantity, decimal UnitPrice);
}
