using Inbox;
using Microsoft.EntityFrameworkCore;
using OrderService.Fulfilment;
using OrderService.Notifications;
using OrderService.Orders.Placing;
using Outbox;

namespace OrderService.Orders;

/// <summary>The database of the service: its own tables beside the outbox and the inbox, so that one transaction can change
/// them together.</summary>
internal sealed class OrdersDbContext(DbContextOptions<OrdersDbContext> options) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    public DbSet<IdempotencyKey> IdempotencyKeys => Set<IdempotencyKey>();

    public DbSet<Stock> Stock => Set<Stock>();

    public DbSet<Notification> Notifications => Set<Notification>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfiguration(new OrderConfiguration());
        modelBuilder.ApplyConfiguration(new IdempotencyKeyConfiguration());
        modelBuilder.ApplyConfiguration(new StockConfiguration());
        modelBuilder.ApplyConfiguration(new NotificationConfiguration());
        modelBuilder.AddOutbox();
        modelBuilder.AddInbox();
    }
}
