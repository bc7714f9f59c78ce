using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OrderService.Notifications;

internal sealed class NotificationConfiguration : IEntityTypeConfiguration<Notification>
{
    public void Configure(EntityTypeBuilder<Notification> notification)
    {
        notification.ToTable("notification");
        notification.HasKey(n => n.Id).HasName("notification_pkey");
        notification.Property(n => n.Id).HasColumnName("id").UseIdentityAlwaysColumn();
        notification.Property(n => n.OrderId).HasColumnName("order_id");
        notification.Property(n => n.Kind).HasColumnName("kind");
        notification.Property(n => n.CreatedAt).HasColumnName("created_at").HasDefaultValueSql("now()");

        // Not unique: a notification that went out twice must show, not fail.
        notification.HasIndex(n => n.OrderId, "notification_order");
    }
}
