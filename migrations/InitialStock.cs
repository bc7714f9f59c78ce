namespace Migrations;

/// <summary>Something to sell on a new machine.</summary>
internal static class InitialStock
{
    // Two at once find the stock empty both: the second insert then changes nothing.
    private const string FillSql =
        """
        INSERT INTO stock (sku, available)
        SELECT 'sku-' || n, 1000000
        FROM generate_series(1, 1000) AS n
        WHERE NOT EXISTS (SELECT FROM stock)
        ON CONFLICT DO NOTHING
        """;

    public static Filling Filling { get; } = new("--fill-stock", "also fills an empty stock: sku-1 to sku-1000, a million each", FillSql);
}
