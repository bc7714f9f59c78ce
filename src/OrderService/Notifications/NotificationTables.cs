using Microsoft.EntityFrameworkCore;
using OrderService.Database;

namespace OrderService.Notifications;

/// <summary>The tables of notifications.</summary>
internal static class NotificationTables
{
    extension(OrdersDbContext db)
    {
        public DbSet<Notification> Notifications => db.Set<Notification>();
    }
}
