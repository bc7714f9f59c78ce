using OrderService.Orders;

namespace OrderService;

/// <summary>What the role api answers: one line each for a module's services and its routes.</summary>
internal static class Endpoints
{
    public static void AddEndpoints(this IServiceCollection services)
    {
        services.AddOrders();
    }

    public static void MapEndpoints(this IEndpointRouteBuilder routes)
    {
        routes.MapOrders();
    }
}
