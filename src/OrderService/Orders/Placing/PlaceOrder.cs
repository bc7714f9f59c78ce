using Microsoft.AspNetCore.Http.HttpResults;
using OrderService.Http;
using Outbox;

namespace OrderService.Orders.Placing;

/// <summary>POST /orders</summary>
internal static class PlaceOrder
{
    public static void MapPlaceOrder(this IEndpointRouteBuilder orders) => orders.MapPost("", HandleAsync)
        .WithName("placeOrder")
        .WithSummary("Places an order.")
        .WithDescription("The order and its message are stored in one transaction. Send the request again with the same Idempotency-Key if its outcome is not known.")
        .Produces<OrderResponse>(StatusCodes.Status200OK)
        .Produces<OrderResponse>(StatusCodes.Status201Created)
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .AddOpenApiOperationTransformer(PlaceOrderDescription.DescribeAsync);

    private static async Task<Results<Created<OrderResponse>, Ok<OrderResponse>, ProblemHttpResult>> HandleAsync(
        HttpContext http, OrderPlacement placement, CancellationToken cancellationToken)
    {
        var key = IdempotencyHeader.Read(http.Request.Headers);
        var request = PlaceOrderRequest.Bind(await JsonBody.ReadAsync(http.Request, OrderBounds.At, cancellationToken));
        try
        {
            var (outcome, order) = await placement.PlaceAsync(request, key, cancellationToken);
            if (outcome == PlacementOutcome.KeyTaken)
            {
                return TypedResults.Problem(
                    $"This {IdempotencyHeader.Name} came with another order before: use a new one.",
                    statusCode: StatusCodes.Status422UnprocessableEntity);
            }

            var location = $"/orders/{order!.Id}";
            if (outcome == PlacementOutcome.Placed)
            {
                return TypedResults.Created(location, OrderResponse.Of(order));
            }

            http.Response.Headers.Location = location;
            return TypedResults.Ok(OrderResponse.Of(order));
        }
        catch (MessageTooLargeException tooLarge)
        {
            return TypedResults.Problem(tooLarge.Message, statusCode: StatusCodes.Status413PayloadTooLarge);
        }
    }
}
