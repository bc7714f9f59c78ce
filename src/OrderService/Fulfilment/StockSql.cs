namespace OrderService.Fulfilment;

/// <summary>The SQL of stock.</summary>
internal static class StockSql
{
    // Always in the order of their sku: two transactions that share skus wait for each other, but never both. {0} skus.
    public const string Lock = "SELECT sku, available FROM stock WHERE sku = ANY({0}) ORDER BY sku FOR NO KEY UPDATE";
}
