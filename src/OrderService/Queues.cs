using Inbox;
using OrderService.Database;
using OrderService.Fulfilment;
using OrderService.Notifications;
using OrderService.Operations;

namespace OrderService;

/// <summary>What the role consumer handles: one line a queue. Every role knows all of them, so that whichever starts first
/// declares the whole topology before it publishes.</summary>
internal static class Queues
{
    public static void AddQueues(this IServiceCollection services, Roles roles)
    {
        services.AddInbox<OrdersDbContext>(inbox => inbox
            .AddFulfilment()
            .AddNotifications());
        if (roles.Consumer) { services.AddInboxConsumers<OrdersDbContext>(); }
    }
}
