using Microsoft.EntityFrameworkCore;

namespace Inbox;

/// <summary>Takes the inbox into a context's model.</summary>
public static class InboxModelBuilderExtensions
{
    /// <summary>Maps <see cref="InboxMessage"/> to the table <c>inbox_message</c>; for <c>OnModelCreating</c>. The migration
    /// that creates the table also calls
    /// <see cref="InboxMigrationBuilderExtensions.CreateInboxGuard(Microsoft.EntityFrameworkCore.Migrations.MigrationBuilder)"/>:
    /// without it the consumers end the process.</summary>
    public static ModelBuilder AddInbox(this ModelBuilder model) => model.ApplyConfiguration(new InboxMessageConfiguration());
}
