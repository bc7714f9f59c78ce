using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OrderService.Orders.Placing;

internal sealed class IdempotencyKeyConfiguration : IEntityTypeConfiguration<IdempotencyKey>
{
    public void Configure(EntityTypeBuilder<IdempotencyKey> key)
    {
        key.ToTable("idempotency_key");
        key.HasKey(k => k.Key).HasName("idempotency_key_pkey");
        key.Property(k => k.Key).HasColumnName("key");
        key.Property(k => k.BodyHash).HasColumnName("body_hash");
        key.Property(k => k.OrderId).HasColumnName("order_id");
        key.Property(k => k.CreatedAt).HasColumnName("created_at").HasDefaultValueSql("now()");

        // The purge looks for the oldest.
        key.HasIndex(k => k.CreatedAt, "idempotency_key_created_at");
    }
}
