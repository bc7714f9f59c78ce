using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using OrderService.Database;

namespace OrderService.Orders.Reading;

/// <summary>GET /orders</summary>
internal static class ListOrders
{
    public static void MapListOrders(this IEndpointRouteBuilder orders) => orders.MapGet("", HandleAsync)
        .WithName("listOrders")
        .WithSummary("Lists orders, newest first.")
        .ProducesValidationProblem()
        .AddOpenApiOperationTransformer(ListOrdersDescription.DescribeAsync);

    private static async Task<Ok<OrderPage>> HandleAsync(HttpRequest request, OrdersDbContext db, CancellationToken cancellationToken)
    {
        var query = ListOrdersQuery.Bind(request.Query);
        // One more than asked for tells whether there is a next page.
        var found = await Filter(db.Orders.AsNoTracking(), query)
            .OrderByDescending(order => order.PlacedAt).ThenByDescending(order => order.Id)
            .Take(query.Limit + 1)
            .ToListAsync(cancellationToken);

        var items = found.Take(query.Limit).ToList();
        var next = found.Count > items.Count ? new OrderCursor(items[^1].PlacedAt, items[^1].Id).ToString() : null;
        return TypedResults.Ok(new OrderPage([.. items.Select(OrderResponse.Of)], next));
    }

    private static IQueryable<Order> Filter(IQueryable<Order> orders, ListOrdersQuery query)
    {
        if (query.CustomerId is { } customerId)
        {
            orders = orders.Where(order => order.CustomerId == customerId);
        }

        if (query.Status is { } status)
        {
            orders = orders.Where(order => order.Status == status);
        }

        // A comparison of rows, which one index answers; not an offset, which reads and drops everything before it.
        return query.After is { } after
            ? orders.Where(order => EF.Functions.LessThan(
                ValueTuple.Create(order.PlacedAt, order.Id), ValueTuple.Create(after.PlacedAt, after.Id)))
            : orders;
    }
}
