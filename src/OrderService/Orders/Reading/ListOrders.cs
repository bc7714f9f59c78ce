using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using OrderService.Database;

namespace OrderService.Orders.Reading;

/// <summary>GET /orders</summary>
internal static class ListOrders
{
    // A page ends here too, after one order at least: all of it is in memory until its client has read it.
    private const int MostLines = 10_000;

    public static void MapListOrders(this IEndpointRouteBuilder orders) => orders.MapGet("", HandleAsync)
        .WithName("listOrders")
        .WithSummary("Lists orders, newest first.")
        .ProducesValidationProblem()
        .AddOpenApiOperationTransformer(ListOrdersDescription.DescribeAsync);

    private static async Task<Ok<OrderPage>> HandleAsync(HttpRequest request, OrdersDbContext db, CancellationToken cancellationToken)
    {
        var query = ListOrdersQuery.Bind(request.Query);
        // One more than asked for tells whether there is a next page.
        var found = await NewestFirst(Filter(db.Orders, query))
            .Select(order => new { order.Id, order.PlacedAt, Lines = order.Lines.Count })
            .Take(query.Limit + 1)
            .ToListAsync(cancellationToken);

        var lines = 0;
        var page = found.Take(query.Limit).TakeWhile((order, at) => (lines += order.Lines) <= MostLines || at == 0).ToList();
        var ids = page.ConvertAll(order => order.Id);
        var items = await NewestFirst(db.Orders.AsNoTracking().Where(order => ids.Contains(order.Id))).ToListAsync(cancellationToken);
        var next = found.Count > page.Count ? new OrderCursor(page[^1].PlacedAt, page[^1].Id).ToString() : null;
        return TypedResults.Ok(new OrderPage([.. items.Select(OrderResponse.Of)], next));
    }

    private static IOrderedQueryable<Order> NewestFirst(IQueryable<Order> orders) =>
        orders.OrderByDescending(order => order.PlacedAt).ThenByDescending(order => order.Id);

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
