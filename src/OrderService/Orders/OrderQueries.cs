using Microsoft.EntityFrameworkCore;

namespace OrderService.Orders;

internal static class OrderQueries
{
    /// <summary>Reads an order to change it: other writers of the same order wait until this transaction has ended, and then
    /// see what it did. Null if there is no such order.</summary>
    public static Task<Order?> LockAsync(this DbSet<Order> orders, Guid id, CancellationToken cancellationToken) =>
        orders.FromSql($"SELECT * FROM orders WHERE id = {id} FOR NO KEY UPDATE").SingleOrDefaultAsync(cancellationToken);

    /// <summary>The same for several, by their ids; those that do not exist are left out.</summary>
    public static Task<Dictionary<Guid, Order>> LockAsync(this DbSet<Order> orders, Guid[] ids, CancellationToken cancellationToken) =>
        orders.FromSql($"SELECT * FROM orders WHERE id = ANY({ids}) ORDER BY id FOR NO KEY UPDATE").ToDictionaryAsync(order => order.Id, cancellationToken);
}
