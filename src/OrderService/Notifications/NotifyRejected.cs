using Inbox;
using OrderService.Database;
using OrderService.Orders.Contracts;

namespace OrderService.Notifications;

/// <summary>Tells the customer that the order cannot be served.</summary>
internal sealed class NotifyRejected(OrdersDbContext db) : IMessageHandler<OrderRejected>
{
    public Task HandleAsync(OrderRejected message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Notifications.Add(new Notification { OrderId = message.OrderId, Kind = "rejected" });
        return Task.CompletedTask;
    }
}
