using Inbox;
using OrderService.Database;
using OrderService.Orders.Contracts;

namespace OrderService.Notifications;

/// <summary>Tells the customer that the order is confirmed.</summary>
internal sealed class NotifyConfirmed(OrdersDbContext db) : IMessageHandler<OrderConfirmed>
{
    public Task HandleAsync(OrderConfirmed message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Notifications.Add(new Notification { OrderId = message.OrderId, Kind = "confirmed" });
        return Task.CompletedTask;
    }
}
