using OrderService.Database;
using OrderService.Http;
using OrderService.Operations;
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
#if (!noInbox)
        builder.Services.AddQueues(roles);
#endif

        if (roles.Api) { builder.Services.AddEndpoints(); }
        if (roles.Relay) { builder.Services.AddOutboxRelay(); }

        adjust?.Invoke(builder);
        var service = builder.Build();
        service.UseOperations();
        service.UseDatabase<OrdersDbContext>();
        if (roles.Api) { service.WithinDeadline().MapEndpoints(); }
        return service;
    }
}
