namespace Servers.Running;

/// <summary>What to try first.</summary>
internal static class FirstRequest
{
    public static string For(string url) =>
        $$"""
        Place an order:
          curl -i {{url}}/orders -H 'Content-Type: application/json' \
            -d '{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]}'
        """;
}
