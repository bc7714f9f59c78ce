using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Inbox;

internal sealed class InboxMessageConfiguration : IEntityTypeConfiguration<InboxMessage>
{
    public void Configure(EntityTypeBuilder<InboxMessage> message)
    {
        message.ToTable("inbox_message");

        // The only arbiter of what is a duplicate. Hence no partitions by time: uniqueness would end at their bounds.
        message.HasKey(m => new { m.Consumer, m.MessageId }).HasName("inbox_message_pkey");
        message.Column(m => m.Consumer, "consumer", "text");
        message.Column(m => m.MessageId, "message_id", "uuid");
        message.Column(m => m.ReceivedAt, "received_at", "timestamp with time zone").HasDefaultValueSql("now()");
        message.Column(m => m.BodyHash, "body_hash", "bytea");

        // The purge walks it from its low end; inserts always go to its high end, where they are cheap.
        message.HasIndex(m => m.ReceivedAt, "inbox_message_received_at");
        // The purge deletes a little all the time: do not wait until a fifth of a month's messages is dead.
        message.HasStorageParameter("autovacuum_vacuum_scale_factor", 0.02);
        message.HasStorageParameter("autovacuum_vacuum_insert_scale_factor", 0.05);
    }
}

file static class PropertyBuilders
{
    /// <summary>Nothing is left to conventions that the service has for its own properties: the consumers' SQL reads and writes these columns as
    /// they are.</summary>
    public static PropertyBuilder<T> Column<T>(
        this EntityTypeBuilder<InboxMessage> message, Expression<Func<InboxMessage, T>> member, string name, string type)
    {
        var property = message.Property(member);
        property.Metadata.SetPrecision(null);
        return property.HasConversion((ValueConverter?)null, (ValueComparer?)null).UseCollation(null).HasColumnName(name).HasColumnType(type);
    }
}
