#if (!noInbox)
using Inbox;
#endif
using Microsoft.EntityFrameworkCore;
using Outbox;

namespace OrderService.Database;

/// <summary>The database of the service: the tables of its modules beside the outbox and the inbox, so that one transaction
/// can change them together. Each module maps its own tables and names them in a file of its own.</summary>
internal sealed class OrdersDbContext(DbContextOptions<OrdersDbContext> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(OrdersDbContext).Assembly);
        modelBuilder.AddOutbox();
#if (!noInbox)
        modelBuilder.AddInbox();
#endif
    }
}
