using Inbox;
using OrderService.Orders.Contracts;

namespace OrderService.Notifications;

/// <summary>The queue of notifications.</summary>
internal static class NotificationsQueue
{
    private const string Name = "orders.notifications";

    public static InboxBuilder AddNotifications(this InboxBuilder inbox) => inbox.Queue(Name, queue => queue
        .Handle<OrderConfirmed, NotifyConfirmed>()
        .Handle<OrderRejected, NotifyRejected>()
        // Each adds a row and looks at nothing.
        .SaveTogether());
}
