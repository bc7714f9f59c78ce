using Microsoft.EntityFrameworkCore;

namespace Outbox;

/// <summary>Takes the outbox into a context's model.</summary>
public static class OutboxModelBuilderExtensions
{
    /// <summary>Maps <see cref="OutboxMessage"/> to the table <c>outbox_message</c>; for <c>OnModelCreating</c>. The migration
    /// that creates the table also calls
    /// <see cref="OutboxMigrationBuilderExtensions.CreateOutboxWakeUp(Microsoft.EntityFrameworkCore.Migrations.MigrationBuilder)"/>.</summary>
    public static ModelBuilder AddOutbox(this ModelBuilder model) => model.ApplyConfiguration(new OutboxMessageConfiguration());
}
