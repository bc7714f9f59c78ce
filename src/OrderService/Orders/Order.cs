namespace OrderService.Orders;

/// <summary>What a customer has ordered, and what became of it.</summary>
internal sealed class Order
{
    /// <summary>Made by the client of the database: a unit of work that is run again stores the same order.</summary>
    public required Guid Id { get; init; }

    public required string CustomerId { get; init; }

    public required string Currency { get; init; }

    public OrderStatus Status { get; private set; }

    /// <summary>The exact sum of quantity times unit price over the lines.</summary>
    public required decimal Total { get; init; }

    public required DateTimeOffset PlacedAt { get; init; }

    /// <summary>Rises with each change of status. Of two writers who have read the same version, one fails: messages of an
    /// order are therefore stored in the order in which their changes commit.</summary>
    public int Version { get; private set; }

    /// <summary>In the order in which the customer gave them.</summary>
    public required List<OrderLine> Lines { get; init; }

    /// <summary>Fulfilment has reserved the stock.</summary>
    /// <exception cref="InvalidOperationException">The order is not <see cref="OrderStatus.Placed"/>.</exception>
    public void Confirm() => Change(OrderStatus.Placed, OrderStatus.Confirmed);

    /// <summary>Fulfilment cannot serve the order.</summary>
    /// <exception cref="InvalidOperationException">The order is not <see cref="OrderStatus.Placed"/>.</exception>
    public void Reject() => Change(OrderStatus.Placed, OrderStatus.Rejected);

    /// <summary>The customer does not want it any more.</summary>
    /// <exception cref="InvalidOperationException">The order is neither placed nor confirmed.</exception>
    public void Cancel() => Change(Status == OrderStatus.Confirmed ? OrderStatus.Confirmed : OrderStatus.Placed, OrderStatus.Cancelled);

    private void Change(OrderStatus from, OrderStatus to)
    {
        if (Status != from)
        {
            throw new InvalidOperationException($"Order {Id} is {Status}: it cannot become {to}.");
        }

        Status = to;
        Version++;
    }
}
