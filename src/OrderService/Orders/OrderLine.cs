namespace OrderService.Orders;

/// <summary>One line of an order.</summary>
internal sealed class OrderLine
{
    /// <summary>Counts from 1 in the order in which the customer gave the lines.</summary>
    public required int Line { get; init; }

    public required string Sku { get; init; }

    public required int Quantity { get; init; }

    /// <summary>In the order's currency, with as many decimals as it was given.</summary>
    public required decimal UnitPrice { get; init; }
}
