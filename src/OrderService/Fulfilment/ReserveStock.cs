using Inbox;
using OrderService.Database;
using OrderService.Orders;
using OrderService.Orders.Contracts;
using Outbox;

namespace OrderService.Fulfilment;

/// <summary>Decides placed orders: each is confirmed with its stock reserved, or rejected. It takes several at once, since orders
/// share stock rows: each row is locked and written once for all of them.</summary>
internal sealed class ReserveStock(OrdersDbContext db) : IMessageBatchHandler<OrderPlaced>
{
    public async Task HandleAsync(IReadOnlyList<ReceivedMessage<OrderPlaced>> messages, CancellationToken cancellationToken)
    {
        var orders = await db.Orders.LockAsync([.. messages.Select(received => received.Message.OrderId)], cancellationToken);
        var stock = await LockedStock.LockAsync(db, orders.Values.SelectMany(order => order.Lines), cancellationToken);
        foreach (var (message, _) in messages)
        {
            if (!orders.TryGetValue(message.OrderId, out var order))
            {
                throw new PermanentFailureException("There is no such order.");
            }

            Decide(order, stock);
        }
    }

    // Qualified, since a service may be called Order.
    private void Decide(Orders.Order order, LockedStock stock)
    {
        if (order.Status != OrderStatus.Placed)
        {
            // Cancelled meanwhile: nothing is reserved, and so its cancellation gives nothing back.
            return;
        }

        if (stock.TryReserve(order.Lines))
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
