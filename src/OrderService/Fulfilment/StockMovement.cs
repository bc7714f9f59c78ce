using Microsoft.EntityFrameworkCore;
using OrderService.Database;
using OrderService.Orders;

namespace OrderService.Fulfilment;

/// <summary>What an order takes from stock, or gives back: one quantity per sku, however many lines name it.</summary>
internal sealed class StockMovement
{
    private readonly string[] _skus;
    private readonly long[] _quantities;

    public StockMovement(IEnumerable<OrderLine> lines)
    {
        var bySku = lines.GroupBy(line => line.Sku, line => (long)line.Quantity, StringComparer.Ordinal).ToList();
        _skus = [.. bySku.Select(sku => sku.Key)];
        _quantities = [.. bySku.Select(sku => sku.Sum())];
    }

    /// <summary>Takes everything, or nothing when a sku is unknown or too little of it is left.</summary>
    public async Task<bool> TryReserveAsync(OrdersDbContext db, CancellationToken cancellationToken) =>
        await db.Database.ExecuteSqlRawAsync(StockSql.Reserve, [_skus, _quantities], cancellationToken) > 0;

    /// <summary>Gives everything back.</summary>
    public Task ReturnAsync(OrdersDbContext db, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlRawAsync(StockSql.Return, [_skus, _quantities], cancellationToken);
}
