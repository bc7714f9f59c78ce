using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace OrderService.Orders;

/// <summary>What the API's description says of amounts of money.</summary>
internal static class AmountDescription
{
    /// <summary>They are exact: a client that was told of a double, as it is unless said otherwise, would round the larger ones.</summary>
    public static Task NameAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.JsonTypeInfo.Type == typeof(decimal))
        {
            schema.Format = "decimal";
        }

        return Task.CompletedTask;
    }
}
