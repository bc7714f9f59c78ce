namespace OrderService.Orders.Placing;

internal enum PlacementOutcome
{
    /// <summary>The order is new.</summary>
    Placed,

    /// <summary>The same request with the same key has placed it before.</summary>
    PlacedBefore,

    /// <summary>The key belongs to another request.</summary>
    KeyTaken,
}

/// <summary>What became of a request to place an order.</summary>
internal sealed record PlacementResult(PlacementOutcome Outcome, Order? Order);
