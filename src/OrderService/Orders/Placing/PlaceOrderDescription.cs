using System.Globalization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace OrderService.Orders.Placing;

/// <summary>What the API's description says of POST /orders beyond the types of its answers: the binder of the body is our
/// own, so nothing else would.</summary>
internal static class PlaceOrderDescription
{
    public static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Parameters = [.. operation.Parameters ?? [], new OpenApiParameter
        {
            Name = IdempotencyHeader.Name,
            In = ParameterLocation.Header,
            Description = "Marks the request as the same when it is sent again within 24 hours. Printable ASCII.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = IdempotencyHeader.Longest, Pattern = "^[ -~]+$" },
        }];

        var body = await context.GetOrCreateSchemaAsync(typeof(PlaceOrderRequest), cancellationToken: cancellationToken);
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = body } },
        };
    }

    /// <summary>States <see cref="OrderBounds"/> in the schemas of the request's fields.</summary>
    public static Task BoundAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var owner = context.JsonPropertyInfo?.DeclaringType;
        if (owner == typeof(PlaceOrderRequest) || owner == typeof(PlaceOrderRequest.Line))
        {
            Bound(schema, context.JsonPropertyInfo!.Name);
        }

        return Task.CompletedTask;
    }

    private static void Bound(OpenApiSchema schema, string field)
    {
        switch (field)
        {
            case "customerId":
                (schema.MinLength, schema.MaxLength) = (1, OrderBounds.LongestName);
                schema.Description = OrderBounds.CustomerId.Text;
                break;
            case "currency":
                schema.Pattern = "^[A-Z]{3}$";
                schema.Description = OrderBounds.Currency.Text;
                break;
            case "lines":
                (schema.MinItems, schema.MaxItems) = (1, OrderBounds.MostLines);
                schema.Description = OrderBounds.Lines.Text;
                break;
            case "sku":
                (schema.MinLength, schema.MaxLength) = (1, OrderBounds.LongestName);
                schema.Description = OrderBounds.Sku.Text;
                break;
            case "quantity":
                (schema.Minimum, schema.Maximum) = ("1", Number(OrderBounds.MostPieces));
                schema.Description = OrderBounds.Quantity.Text;
                break;
            case "unitPrice":
                (schema.Minimum, schema.Maximum) = ("0", Number(OrderBounds.HighestPrice));
                // Not as multipleOf: whoever checks that in binary fractions refuses 19.99.
                schema.Description = OrderBounds.UnitPrice.Text;
                break;
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
