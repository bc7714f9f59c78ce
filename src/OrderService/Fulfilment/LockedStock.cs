using Microsoft.EntityFrameworkCore;
using OrderService.Database;
using OrderService.Orders;

namespace OrderService.Fulfilment;

/// <summary>What is left of some skus. Nobody else changes it until this transaction has ended.</summary>
internal sealed class LockedStock
{
    private readonly Dictionary<string, Stock> _bySku;

    private LockedStock(Dictionary<string, Stock> bySku) => _bySku = bySku;

    /// <summary>Locks the stock of every sku that the lines name, and that exists.</summary>
    public static async Task<LockedStock> LockAsync(OrdersDbContext db, IEnumerable<OrderLine> lines, CancellationToken cancellationToken)
    {
        var skus = lines.Select(line => line.Sku).Distinct(StringComparer.Ordinal).ToArray();
        return new LockedStock(await db.Stock.FromSqlRaw(StockSql.Lock, [skus]).ToDictionaryAsync(stock => stock.Sku, cancellationToken));
    }

    /// <summary>Takes everything, or nothing when a sku is unknown or too little of it is left.</summary>
    public bool TryReserve(IReadOnlyCollection<OrderLine> lines)
    {
        // Several lines may name one sku: they must be had together.
        var isEnough = lines.GroupBy(line => line.Sku, StringComparer.Ordinal).All(
            sku => _bySku.TryGetValue(sku.Key, out var stock) && stock.Available >= sku.Sum(line => (long)line.Quantity));
        if (isEnough)
        {
            foreach (var line in lines)
            {
                _bySku[line.Sku].Available -= line.Quantity;
            }
        }

        return isEnough;
    }

    /// <summary>Gives everything back.</summary>
    public void Return(IEnumerable<OrderLine> lines)
    {
        foreach (var line in lines)
        {
            _bySku[line.Sku].Available += line.Quantity;
        }
    }
}
