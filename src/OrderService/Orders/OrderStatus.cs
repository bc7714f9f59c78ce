namespace OrderService.Orders;

/// <summary>Where an order stands. <see cref="Rejected"/> and <see cref="Cancelled"/> are final.</summary>
internal enum OrderStatus
{
    /// <summary>Stored; fulfilment has not decided yet.</summary>
    Placed,

    /// <summary>Its stock is reserved. No other status holds stock.</summary>
    Confirmed,

    /// <summary>A sku is unknown, or too little of it is left.</summary>
    Rejected,

    /// <summary>Cancelled by the customer; stock that it held is given back.</summary>
    Cancelled,
}
