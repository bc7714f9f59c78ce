using OrderService.Http;

namespace OrderService.Orders.Placing;

/// <summary>The header by which a client marks a request that it may send again.</summary>
internal static class IdempotencyHeader
{
    public const string Name = "Idempotency-Key";
    public const int Longest = 255;

    /// <summary>The header's value; null if the request has none.</summary>
    /// <exception cref="RequestRefusedException">It is out of bounds, or given more than once.</exception>
    public static string? Read(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(Name, out var values))
        {
            return null;
        }

        return values is [{ Length: >= 1 and <= Longest } key] && key.All(character => character is >= ' ' and <= '~')
            ? key
            : throw new RequestRefusedException(Name, $"must be given once, as 1 to {Longest} printable ASCII characters.");
    }
}
