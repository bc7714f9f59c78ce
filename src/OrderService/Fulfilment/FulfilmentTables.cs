using Microsoft.EntityFrameworkCore;
using OrderService.Database;

namespace OrderService.Fulfilment;

/// <summary>The tables of fulfilment.</summary>
internal static class FulfilmentTables
{
    extension(OrdersDbContext db)
    {
        public DbSet<Stock> Stock => db.Set<Stock>();
    }
}
