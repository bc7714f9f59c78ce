using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Inbox;

internal sealed class InboxMessageConfiguration : IEntityTypeConfiguration<InboxMessage>
{
    public void Configure(EntityTypeBuilder<InboxMessage> message)
    {
        message.ToTable("inbox_message");

        // The only arbiter of what is a duplicate. Hence no partitions by time: uniqueness would end at their bounds.
        message.HasKey(m => new { m.Consumer, m.MessageId }).HasName("inbox_message_pkey");
        // Types are given, whatever conventions the service's own model has.
        message.Property(m => m.Consumer).HasColumnName("consumer").HasColumnType("text");
        message.Property(m => m.MessageId).HasColumnName("message_id").HasColumnType("uuid");
        message.Property(m => m.ReceivedAt).HasColumnName("received_at").HasColumnType("timestamp with time zone").HasDefaultValueSql("now()");
        message.Property(m => m.BodyHash).HasColumnName("body_hash").HasColumnType("bytea");

        // The purge walks it from its low end; inserts always go to its high end, where they are cheap.
        message.HasIndex(m => m.ReceivedAt, "inbox_message_received_at");
        // The purge deletes a little all the time: do not wait until a fifth of a month's messages is dead.
        message.HasStorageParameter("autovacuum_vacuum_scale_factor", 0.02);
        message.HasStorageParameter("autovacuum_vacuum_insert_scale_factor", 0.05);
    }
}
