using Inbox;
using OrderService.Database;
using OrderService.Fulfilment;
using OrderService.Notifications;
using OrderService.Operations;
using OrderService.Orders;
using Outbox;

namespace OrderService;

/// <summary>The service, whichever of its roles it runs.</summary>
internal static class Program
{
    private static Task Main(string[] args) =>
        args is [HealthProbe.Verb] ? HealthProbe.RunAsync() : ServiceProcess.RunAsync(() => Build(args));

    /// <summary>The whole service, not started yet. Tests have the last word on what is registered.</summary>
    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = ServiceProcess.CreateBuilder(args);
        var roles = builder.AddOperations();
        builder.AddDatabase<OrdersDbContext>();
        builder.Services.AddOutbox();
        builder.Services.AddInbox<OrdersDbContext>(inbox => inbox.AddFulfilment().AddNotifications());

        if (roles.Api) { builder.Services.AddOrders(); }
        if (roles.Relay) { builder.Services.AddOutboxRelay(); }
        if (roles.Consumer) { builder.Services.AddInboxConsumers<OrdersDbContext>(); }

        adjust?.Invoke(builder);
        var service = builder.Build();
        service.UseOperations();
        if (roles.Api) { service.MapOrders(); }
        return service;
    }
}
