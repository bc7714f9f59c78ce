using Inbox;
using OrderService.Database;
using OrderService.Orders;
using OrderService.Orders.Contracts;
using Outbox;

namespace OrderService.Fulfilment;

/// <summary>Decides a placed order: it is confirmed with its stock reserved, or rejected.</summary>
internal sealed class ReserveStock(OrdersDbContext db) : IMessageHandler<OrderPlaced>
{
    public async Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
    {
        var order = await db.Orders.LockAsync(message.OrderId, cancellationToken)
            ?? throw new PermanentFailureException($"There is no order {message.OrderId}.");
        if (order.Status != OrderStatus.Placed)
        {
            // Cancelled meanwhile: nothing is reserved, and so its cancellation gives nothing back.
            return;
        }

        if (await new StockMovement(order.Lines).TryReserveAsync(db, cancellationToken))
        {
            order.Confirm();
            db.AddMessage(new OrderConfirmed(order.Id, order.CustomerId), key: order.Id.ToString());
        }
        else
        {
            order.Reject();
            db.AddMessage(new OrderRejected(order.Id, order.CustomerId), key: order.Id.ToString());
        }
    }
}
