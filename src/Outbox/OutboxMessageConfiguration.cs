using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

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
        message.Column(m => m.Id, "id", "bigint").UseIdentityAlwaysColumn();
        message.Column(m => m.MessageId, "message_id", "uuid").HasDefaultValueSql("gen_random_uuid()");
        message.Column(m => m.Exchange, "exchange", "text");
        message.Column(m => m.RoutingKey, "routing_key", "text");
        message.Column(m => m.Type, "type", "text");
        message.Column(m => m.Key, "key", "text");
        message.Column(m => m.ContentType, "content_type", "text").HasDefaultValue("application/json");
        message.Column(m => m.Headers, "headers", "jsonb");
        message.Column(m => m.TraceParent, "trace_parent", "text");
        message.Column(m => m.Body, "body", "bytea");

        // No unit of work writes these, or needs to read them back.
        message.Column(m => m.CreatedAt, "created_at", "timestamp with time zone").HasDefaultValueSql("now()").LeftToTheDatabase();
        message.Column(m => m.SentAt, "sent_at", "timestamp with time zone").LeftToTheDatabase();
        message.Column(m => m.Attempts, "attempts", "integer").HasDefaultValue(0).LeftToTheDatabase();
        message.Column(m => m.DueAt, "due_at", "timestamp with time zone").LeftToTheDatabase();
        message.Column(m => m.LastError, "last_error", "text").LeftToTheDatabase();
        message.Column(m => m.ParkedAt, "parked_at", "timestamp with time zone").LeftToTheDatabase();

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
    /// <summary>Nothing is left to conventions that the service has for its own properties: strings with a bound would keep the relay from writing
    /// down a long reason, a collation does not fit jsonb, and what is converted is not what the relay's SQL reads.</summary>
    public static PropertyBuilder<T> Column<T>(
        this EntityTypeBuilder<OutboxMessage> message, Expression<Func<OutboxMessage, T>> member, string name, string type)
    {
        var property = message.Property(member);
        property.Metadata.SetPrecision(null);
        return property.HasConversion((ValueConverter?)null, (ValueComparer?)null).UseCollation(null).HasColumnName(name).HasColumnType(type);
    }

    public static void LeftToTheDatabase<T>(this PropertyBuilder<T> property) =>
        property.ValueGeneratedNever().Metadata.SetBeforeSaveBehavior(PropertySaveBehavior.Ignore);
}
