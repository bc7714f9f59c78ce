namespace OrderService.Fulfilment;

/// <summary>The SQL of stock. Rows are always locked in the order of their sku: two orders that share skus wait for each
/// other, but never both.</summary>
internal static class StockSql
{
    // All or nothing: unless every sku exists and has enough, no row changes. {0} skus, {1} quantities.
    public const string Reserve =
        """
        WITH locked AS (
            SELECT s.sku, s.available, wanted.quantity
            FROM stock AS s
            JOIN unnest({0}, {1}) AS wanted (sku, quantity) ON wanted.sku = s.sku
            ORDER BY s.sku
            FOR NO KEY UPDATE OF s),
        verdict AS (
            SELECT count(*) = cardinality({0}) AND bool_and(available >= quantity) AS enough FROM locked)
        UPDATE stock AS s
        SET available = s.available - locked.quantity
        FROM locked, verdict
        WHERE verdict.enough AND s.sku = locked.sku
        """;

    // {0} skus, {1} quantities.
    public const string Return =
        """
        WITH locked AS (
            SELECT s.sku, returned.quantity
            FROM stock AS s
            JOIN unnest({0}, {1}) AS returned (sku, quantity) ON returned.sku = s.sku
            ORDER BY s.sku
            FOR NO KEY UPDATE OF s)
        UPDATE stock AS s
        SET available = s.available + locked.quantity
        FROM locked
        WHERE s.sku = locked.sku
        """;
}
