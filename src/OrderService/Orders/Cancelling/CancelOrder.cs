using Microsoft.AspNetCore.Http.HttpResults;
using OrderService.Database;
using OrderService.Orders.Contracts;
using Outbox;

namespace OrderService.Orders.Cancelling;

/// <summary>POST /orders/{id}/cancel</summary>
internal static class CancelOrder
{
    public static void MapCancelOrder(this IEndpointRouteBuilder orders) => orders.MapPost("{id:guid}/cancel", HandleAsync)
        .WithName("cancelOrder")
        .WithSummary("Cancels an order that is placed or confirmed.")
        .WithDescription("Stock that it holds is given back. Cancelling it again changes nothing.")
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<Results<Ok<OrderResponse>, ProblemHttpResult>> HandleAsync(
        Guid id, OrdersDbContext db, CancellationToken cancellationToken)
    {
        var order = await db.CommitAsync(token => CancelAsync(db, id, token), _ => Task.FromResult(false), cancellationToken);
        return order switch
        {
            null => TypedResults.Problem("There is no such order.", statusCode: StatusCodes.Status404NotFound),
            { Status: OrderStatus.Rejected } => TypedResults.Problem(
                "The order was rejected: there is nothing to cancel.", statusCode: StatusCodes.Status409Conflict),
            _ => TypedResults.Ok(OrderResponse.Of(order)),
        };
    }

    // Run again after a commit that has won, it finds the order cancelled and adds nothing.
    private static async Task<Order?> CancelAsync(OrdersDbContext db, Guid id, CancellationToken cancellationToken)
    {
        var order = await db.Orders.LockAsync(id, cancellationToken);
        if (order is { Status: OrderStatus.Placed or OrderStatus.Confirmed })
        {
            var heldStock = order.Status == OrderStatus.Confirmed;
            order.Cancel();
            db.AddMessage(new OrderCancelled(order.Id, order.CustomerId, heldStock), key: order.Id.ToString());
            await db.SaveChangesAsync(cancellationToken);
        }

        return order;
    }
}
