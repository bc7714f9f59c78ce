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

    /// <summary>States the bounds of <see cref="OrderBounds"/> in the schema of the request.</summary>
    public static void Bound(OpenApiSchema schema, Type type)
    {
        if (type == typeof(PlaceOrderRequest))
        {
            Bound(schema, "customerId", OrderBounds.CustomerId.Text, field => (field.MinLength, field.MaxLength) = (1, OrderBounds.LongestName));
            Bound(schema, "currency", OrderBounds.Currency.Text, field => field.Pattern = "^[A-Z]{3}$");
            Bound(schema, "lines", OrderBounds.Lines.Text, field => (field.MinItems, field.MaxItems) = (1, OrderBounds.MostLines));
        }
        else if (type == typeof(PlaceOrderRequest.Line))
        {
            Bound(schema, "sku", OrderBounds.Sku.Text, field => (field.MinLength, field.MaxLength) = (1, OrderBounds.LongestName));
            Bound(schema, "quantity", OrderBounds.Quantity.Text, field => (field.Minimum, field.Maximum) = ("1", Number(OrderBounds.MostPieces)));
            Bound(schema, "unitPrice", OrderBounds.UnitPrice.Text, field =>
            {
                (field.Minimum, field.Maximum) = ("0", Number(OrderBounds.HighestPrice));
                field.MultipleOf = (decimal)Math.Pow(10, -OrderBounds.PriceDecimals);
            });
        }
    }

    private static void Bound(OpenApiSchema schema, string name, string text, Action<OpenApiSchema> state)
    {
        if (schema.Properties?[name] is OpenApiSchema field)
        {
            field.Description = $"Must be {text}.";
            state(field);
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
