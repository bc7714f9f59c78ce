using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using OrderService.Database;

namespace OrderService.Orders.Reading;

/// <summary>GET /orders/{id}</summary>
internal static class ReadOrder
{
    public static void MapReadOrder(this IEndpointRouteBuilder orders) => orders.MapGet("{id:guid}", HandleAsync)
        .WithName("readOrder")
        .WithSummary("Reads an order.")
        .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<OrderResponse>, ProblemHttpResult>> HandleAsync(
        Guid id, OrdersDbContext db, CancellationToken cancellationToken) =>
        await db.Orders.AsNoTracking().SingleOrDefaultAsync(order => order.Id == id, cancellationToken) is { } order
            ? TypedResults.Ok(OrderResponse.Of(order))
            : TypedResults.Problem("There is no such order.", statusCode: StatusCodes.Status404NotFound);
}
