using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace OrderService.Orders.Reading;

/// <summary>What the API's description says of the query parameters of GET /orders, which are bound by ourselves.</summary>
internal static class ListOrdersDescription
{
    public static Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Parameters =
        [
            Query("customerId", "Only orders of this customer.", new OpenApiSchema
            {
                Type = JsonSchemaType.String, MinLength = 1, MaxLength = OrderBounds.LongestName,
            }),
            Query("status", "Only orders that stand here.", new OpenApiSchema
            {
                Type = JsonSchemaType.String, Enum = [.. ListOrdersQuery.StatusNames.Select(name => (JsonNode)name)],
            }),
            Query("after", "The value of \"next\" from the page before.", new OpenApiSchema { Type = JsonSchemaType.String }),
            Query("limit", "How many orders at most.", new OpenApiSchema
            {
                Type = JsonSchemaType.Integer,
                Minimum = "1",
                Maximum = ListOrdersQuery.HighestLimit.ToString(CultureInfo.InvariantCulture),
                Default = ListOrdersQuery.UsualLimit,
            }),
        ];
        return Task.CompletedTask;
    }

    private static OpenApiParameter Query(string name, string description, OpenApiSchema schema) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Schema = schema };
}
