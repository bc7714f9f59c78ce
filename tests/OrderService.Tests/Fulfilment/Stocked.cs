namespace OrderService.Tests.Fulfilment;

/// <summary>What an arena has in stock.</summary>
internal static class Stocked
{
    public static Task FillStockAsync(this ServiceArena arena) => arena.Arena.ExecuteAsync(
        "INSERT INTO stock (sku, available) VALUES ('sku-1', 1000000), ('sku-2', 1000000), ('rare', 5)");

    public static Task<long> AvailableAsync(this ServiceArena arena, string sku) =>
        arena.Arena.ScalarAsync<long>("SELECT available FROM stock WHERE sku = $1", sku);
}
