using System.Text.Json;
using System.Text.Json.Serialization;
using OrderService.Http;
using OrderService.Orders.Cancelling;
using OrderService.Orders.Placing;
using OrderService.Orders.Reading;

namespace OrderService.Orders;

/// <summary>The HTTP surface of orders.</summary>
internal static class OrdersExtensions
{
    public static IServiceCollection AddOrders(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new JsonStringEnumConverter<OrderStatus>(JsonNamingPolicy.CamelCase)));
        services.AddOpenApi(api => api.AddSchemaTransformer(PlaceOrderDescription.BoundAsync).AddSchemaTransformer(AmountDescription.NameAsync));
        services.AddScoped<OrderPlacement>();
        services.AddSingleton<IdempotencyPurge>();
        services.AddHostedService<IdempotencyPurgeLoop>();
        return services;
    }

    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/orders").WithTags("orders").AddEndpointFilter<RefusalFilter>()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        orders.MapPlaceOrder();
        orders.MapListOrders();
        orders.MapReadOrder();
        orders.MapCancelOrder();
    }
}
