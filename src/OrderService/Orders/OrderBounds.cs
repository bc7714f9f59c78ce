using OrderService.Http;

namespace OrderService.Orders;

/// <summary>What an order may be made of. An order of the most lines with the longest names fits into
/// <see cref="JsonBody.MaxBytes"/>.</summary>
internal static class OrderBounds
{
    public const int LongestName = 64;
    public const int MostLines = 1_000;
    public const int MostPieces = 1_000_000;
    public const int HighestPrice = 1_000_000_000;
    public const int PriceDecimals = 4;

    public static Bound<string> CustomerId { get; } = PrintableText.Bound(1, LongestName);

    public static Bound<string> Currency { get; } = new(
        "three capital letters, such as EUR", text => text.Length == 3 && text.All(char.IsAsciiLetterUpper));

    public static Bound<int> Lines { get; } = new($"an array of 1 to {MostLines} lines", count => count is >= 1 and <= MostLines);

    public static Bound<string> Sku { get; } = PrintableText.Bound(1, LongestName);

    public static Bound<int> Quantity { get; } = new(
        $"a whole number from 1 to {MostPieces}, written without fraction or exponent", quantity => quantity is >= 1 and <= MostPieces);

    public static Bound<decimal> UnitPrice { get; } = new(
        $"a number from 0 to {HighestPrice} with at most {PriceDecimals} decimals",
        price => price is >= 0 and <= HighestPrice && JsonAmount.Decimals(price) <= PriceDecimals);

    /// <summary>What must stand at a path of the body, in words; null for paths that mean nothing.</summary>
    public static string? At(string shape) => shape switch
    {
        "customerId" => CustomerId.Text,
        "currency" => Currency.Text,
        "lines" => Lines.Text,
        "lines[].sku" => Sku.Text,
        "lines[].quantity" => Quantity.Text,
        "lines[].unitPrice" => UnitPrice.Text,
        _ => null,
    };
}
