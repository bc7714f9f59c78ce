using Inbox;
using OrderService.Database;
using OrderService.Operations;
using OrderService.Replies;

namespace OrderService;

/// <summary>What the role consumer handles: one line a queue. Every role knows all of them, so that whichever starts first
/// declares the whole topology before it publishes.</summary>
internal static class Queues
{
    public static void AddQueues(this IServiceCollection services, Roles roles)
    {
        services.AddInbox<OrdersDbContext>(inbox => inbox
            .AddReplies());
        if (roles.Consumer) { services.AddInboxConsumers<OrdersDbContext>(); }
    }
}
