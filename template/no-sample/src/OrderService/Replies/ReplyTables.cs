using Microsoft.EntityFrameworkCore;
using OrderService.Database;

namespace OrderService.Replies;

/// <summary>The tables of replies.</summary>
internal static class ReplyTables
{
    extension(OrdersDbContext db)
    {
        public DbSet<Reply> Replies => db.Set<Reply>();
    }
}
