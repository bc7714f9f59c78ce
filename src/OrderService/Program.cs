using Inbox;
using OrderService.Database;
using OrderService.Fulfilment;
using OrderService.Notifications;
using OrderService.Operations;
using OrderService.Orders;
using Outbox;

await (args is [HealthProbe.Verb] ? HealthProbe.RunAsync() : ServiceProcess.RunAsync(args, Build));

/// <summary>The service, whichever of its roles it runs.</summary>
internal sealed partial class Program
{
    /// <summary>The whole service, not started yet.</summary>
    internal static WebApplication Build(string[] args)
    {
        var builder = ServiceProcess.CreateBuilder(args);
        var roles = builder.AddOperations();
        builder.AddDatabase<OrdersDbContext>();
        builder.Services.AddOutbox();
        builder.Services.AddInbox<OrdersDbContext>(inbox => inbox.AddFulfilment().AddNotifications());

        if (roles.Api) { builder.Services.AddOrders(); }
        if (roles.Relay) { builder.Services.AddOutboxRelay(); }
        if (roles.Consumer) { builder.Services.AddInboxConsumers<OrdersDbContext>(); }

        var service = builder.Build();
        service.UseOperations();
        if (roles.Api) { service.MapOrders(); }
        return service;
    }
}
