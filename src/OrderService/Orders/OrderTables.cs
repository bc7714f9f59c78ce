using Microsoft.EntityFrameworkCore;
using OrderService.Database;
using OrderService.Orders.Placing;

namespace OrderService.Orders;

/// <summary>The tables of orders.</summary>
internal static class OrderTables
{
    extension(OrdersDbContext db)
    {
        public DbSet<Order> Orders => db.Set<Order>();

        public DbSet<IdempotencyKey> IdempotencyKeys => db.Set<IdempotencyKey>();
    }
}
