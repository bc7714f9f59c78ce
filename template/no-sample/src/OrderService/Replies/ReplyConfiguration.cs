using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OrderService.Replies;

internal sealed class ReplyConfiguration : IEntityTypeConfiguration<Reply>
{
    public void Configure(EntityTypeBuilder<Reply> reply)
    {
        reply.ToTable("reply");
        reply.HasKey(r => r.Id).HasName("reply_pkey");
        reply.Property(r => r.Id).HasColumnName("id").UseIdentityAlwaysColumn();
        reply.Property(r => r.GreetingId).HasColumnName("greeting_id");
        reply.Property(r => r.Text).HasColumnName("text");
        reply.Property(r => r.CreatedAt).HasColumnName("created_at").HasDefaultValueSql("now()");

        // Not unique: a reply that was given twice must show, not fail.
        reply.HasIndex(r => r.GreetingId, "reply_greeting");
    }
}
