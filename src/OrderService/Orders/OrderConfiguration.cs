using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OrderService.Orders;

internal sealed class OrderConfiguration : IEntityTypeConfiguration<Order>
{
    public void Configure(EntityTypeBuilder<Order> order)
    {
        order.ToTable("orders", table => table.HasCheckConstraint(
            "orders_status_known", "status IN ('placed', 'confirmed', 'rejected', 'cancelled')"));

        order.HasKey(o => o.Id).HasName("orders_pkey");
        order.Property(o => o.Id).HasColumnName("id").ValueGeneratedNever();
        order.Property(o => o.CustomerId).HasColumnName("customer_id");
        order.Property(o => o.Currency).HasColumnName("currency");
        order.Property(o => o.Status).HasColumnName("status").HasConversion(
            status => status.ToString().ToLowerInvariant(), text => Enum.Parse<OrderStatus>(text, ignoreCase: true));
        // Without a scale: an amount keeps the decimals that it was given.
        order.Property(o => o.Total).HasColumnName("total").HasColumnType("numeric");
        order.Property(o => o.PlacedAt).HasColumnName("placed_at");
        order.Property(o => o.Version).HasColumnName("version").IsConcurrencyToken();

        // Lists are paged by (placed_at, id), alone or within one customer or status.
        order.HasIndex(o => new { o.PlacedAt, o.Id }, "orders_placed_at");
        order.HasIndex(o => new { o.CustomerId, o.PlacedAt, o.Id }, "orders_customer");
        order.HasIndex(o => new { o.Status, o.PlacedAt, o.Id }, "orders_status");

        order.OwnsMany(o => o.Lines, Configure);
    }

    private static void Configure(OwnedNavigationBuilder<Order, OrderLine> line)
    {
        line.ToTable("order_line");
        line.WithOwner().HasForeignKey("OrderId").HasConstraintName("order_line_order_id_fkey");
        line.HasKey("OrderId", nameof(OrderLine.Line)).HasName("order_line_pkey");
        line.Property<Guid>("OrderId").HasColumnName("order_id").HasColumnOrder(0);
        line.Property(l => l.Line).HasColumnName("line").HasColumnOrder(1).ValueGeneratedNever();
        line.Property(l => l.Sku).HasColumnName("sku");
        line.Property(l => l.Quantity).HasColumnName("quantity");
        line.Property(l => l.UnitPrice).HasColumnName("unit_price").HasColumnType("numeric");
    }
}
