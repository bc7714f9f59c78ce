using Inbox;
using Microsoft.EntityFrameworkCore;
using OrderService.Database;
using OrderService.Orders;
using OrderService.Orders.Contracts;

namespace OrderService.Fulfilment;

/// <summary>Gives the stock of a cancelled order back, if it held any.</summary>
internal sealed class ReturnStock(OrdersDbContext db) : IMessageHandler<OrderCancelled>
{
    public async Task HandleAsync(OrderCancelled message, MessageContext context, CancellationToken cancellationToken)
    {
        if (!message.HeldStock)
        {
            return;
        }

        var order = await db.Orders.AsNoTracking().SingleOrDefaultAsync(o => o.Id == message.OrderId, cancellationToken)
            ?? throw new PermanentFailureException("There is no such order.");
        (await LockedStock.LockAsync(db, order.Lines, cancellationToken)).Return(order.Lines);
    }
}
