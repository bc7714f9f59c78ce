namespace OrderService.Orders.Reading;

/// <summary>A page of orders, newest first.</summary>
/// <param name="Items">The orders.</param>
/// <param name="Next">The value of "after" for the next page; null on the last one.</param>
internal sealed record OrderPage(IReadOnlyList<OrderResponse> Items, string? Next);
