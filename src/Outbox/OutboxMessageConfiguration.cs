using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Outbox;

internal sealed class OutboxMessageConfiguration : IEntityTypeConfiguration<OutboxMessage>
{
    private const string Unsettled = "sent_at IS NULL AND parked_at IS NULL";

    public void Configure(EntityTypeBuilder<OutboxMessage> message)
    {
        message.ToTable("outbox_message", table =>
        {
            table.HasCheckConstraint("outbox_message_attempts_not_negative", "attempts >= 0");
            // A hard cap only. What the broker cannot carry is parked by the relay with its reason.
            table.HasCheckConstraint("outbox_message_body_at_most_16_mib", "octet_length(body) <= 16777216");
        });

        // The EF key is the identity: with a client-made key, the rows of one SaveChanges would be inserted in the order of
        // that key and lose the order in which they were added.
        message.HasKey(m => m.Id).HasName("outbox_message_pkey");
        message.Property(m => m.Id).HasColumnName("id").UseIdentityAlwaysColumn();
        // Types are given for all: a convention of the service's own for its strings would bound these too, and one that does not fit,
        // such as a long reason, would keep the relay from writing anything down.
        message.Property(m => m.MessageId).HasColumnName("message_id").HasColumnType("uuid").HasDefaultValueSql("gen_random_uuid()");
        message.Property(m => m.Exchange).HasColumnName("exchange").HasColumnType("text");
        message.Property(m => m.RoutingKey).HasColumnName("routing_key").HasColumnType("text");
        message.Property(m => m.Type).HasColumnName("type").HasColumnType("text");
        message.Property(m => m.Key).HasColumnName("key").HasColumnType("text");
        message.Property(m => m.ContentType).HasColumnName("content_type").HasColumnType("text").HasDefaultValue("application/json");
        message.Property(m => m.Headers).HasColumnName("headers").HasColumnType("jsonb");
        message.Property(m => m.TraceParent).HasColumnName("trace_parent").HasColumnType("text");
        message.Property(m => m.Body).HasColumnName("body").HasColumnType("bytea");

        // No unit of work writes these, or needs to read them back.
        message.Property(m => m.CreatedAt).HasColumnName("created_at").HasColumnType("timestamp with time zone").HasDefaultValueSql("now()").LeftToTheDatabase();
        message.Property(m => m.SentAt).HasColumnName("sent_at").HasColumnType("timestamp with time zone").LeftToTheDatabase();
        message.Property(m => m.Attempts).HasColumnName("attempts").HasColumnType("integer").HasDefaultValue(0).LeftToTheDatabase();
        message.Property(m => m.DueAt).HasColumnName("due_at").HasColumnType("timestamp with time zone").LeftToTheDatabase();
        message.Property(m => m.LastError).HasColumnName("last_error").HasColumnType("text").LeftToTheDatabase();
        message.Property(m => m.ParkedAt).HasColumnName("parked_at").HasColumnType("timestamp with time zone").LeftToTheDatabase();

        // Each index holds only rows that still wait for something, and so stays small however many sent rows are kept.
        message.HasIndex(m => m.Id, "outbox_message_pending").HasFilter($"{Unsettled} AND due_at IS NULL");
        message.HasIndex(m => new { m.DueAt, m.Id }, "outbox_message_due").HasFilter($"{Unsettled} AND due_at IS NOT NULL");
        message.HasIndex(m => new { m.Key, m.Id }, "outbox_message_key").HasFilter($"{Unsettled} AND key IS NOT NULL");
        message.HasIndex(m => m.Id, "outbox_message_parked").HasFilter("parked_at IS NOT NULL");

        // Marking a row sent changes an indexed predicate, so the new version is never a heap-only one; half-empty pages let
        // it stand beside the old one, which cuts the write-ahead log of a mark to about a sixth. Below 50, rows of 1,600
        // bytes would stand one to a page.
        message.HasStorageParameter("fillfactor", 50);
        // Dead entries of the partial indexes cost each read until they are vacuumed: do not wait for a fifth of the table.
        message.HasStorageParameter("autovacuum_vacuum_scale_factor", 0.02);
        message.HasStorageParameter("autovacuum_vacuum_insert_scale_factor", 0.05);
        message.HasStorageParameter("autovacuum_analyze_scale_factor", 0.02);
    }
}

file static class PropertyBuilders
{
    public static void LeftToTheDatabase<T>(this PropertyBuilder<T> property) =>
        property.ValueGeneratedNever().Metadata.SetBeforeSaveBehavior(PropertySaveBehavior.Ignore);
}
