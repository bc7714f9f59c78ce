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

    /// <summary>Fills the table <c>stock</c> if it is empty: sku-1 to sku-1000, a million each.</summary>
    public static Task FillAsync(TargetDatabase database, CancellationToken cancellationToken) =>
        database.ExecuteAsync(FillSql, cancellationToken);
}
