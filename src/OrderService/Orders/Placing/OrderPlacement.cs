using Messaging;
using Microsoft.EntityFrameworkCore;
using OrderService.Database;
using OrderService.Orders.Contracts;
using Outbox;

namespace OrderService.Orders.Placing;

/// <summary>Stores an order together with its message and, if the client gave one, its idempotency key.</summary>
internal sealed class OrderPlacement(OrdersDbContext db, TimeProvider clock)
{
    /// <summary>Completes when the order is committed, or when the one that the same key has made before is found.</summary>
    /// <exception cref="MessageTooLargeException">The order does not fit into a message.</exception>
    public async Task<PlacementResult> PlaceAsync(PlaceOrderRequest request, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var order = request.ToOrder(clock.GetUtcNow());
        var result = await db.CommitAsync(
            async token =>
            {
                if (idempotencyKey is not null && await FindWinnerAsync(idempotencyKey, request.Hash(), order.Id, token) is { } earlier)
                {
                    return earlier;
                }

                db.Orders.Add(order);
                db.AddMessage(Describe(order), key: order.Id.ToString());
                await db.SaveChangesAsync(token);
                Failpoint.Hit("place.before-commit");
                return new PlacementResult(PlacementOutcome.Placed, order);
            },
            token => db.Orders.AnyAsync(o => o.Id == order.Id, token),
            cancellationToken);
        Failpoint.Hit("place.after-commit");
        return result;
    }

    /// <returns>What the key stands for already; null if it is this order's from now on.</returns>
    private async Task<PlacementResult?> FindWinnerAsync(string key, byte[] hash, Guid orderId, CancellationToken cancellationToken)
    {
        while (await db.Database.ExecuteSqlRawAsync(IdempotencySql.Claim, [key, hash, orderId], cancellationToken) == 0)
        {
            var known = await db.IdempotencyKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Key == key, cancellationToken);
            if (known is null)
            {
                // It expired and was purged between the two statements.
                continue;
            }

            if (!known.BodyHash.AsSpan().SequenceEqual(hash))
            {
                return new PlacementResult(PlacementOutcome.KeyTaken, Order: null);
            }

            // The same order, where a commit of this request has won after its connection was lost.
            var outcome = known.OrderId == orderId ? PlacementOutcome.Placed : PlacementOutcome.PlacedBefore;
            return new PlacementResult(outcome, await db.Orders.AsNoTracking().SingleAsync(o => o.Id == known.OrderId, cancellationToken));
        }

        return null;
    }

    private static OrderPlaced Describe(Order order) => new(
        order.Id, order.CustomerId, order.Currency, order.Total, order.PlacedAt,
        [.. order.Lines.Select(line => new OrderPlaced.Line(line.Sku, line.Quantity, line.UnitPrice))]);
}
