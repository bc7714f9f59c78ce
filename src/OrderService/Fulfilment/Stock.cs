namespace OrderService.Fulfilment;

/// <summary>How much of a sku can still be reserved.</summary>
internal sealed class Stock
{
    public required string Sku { get; init; }

    public required long Available { get; set; }
}
