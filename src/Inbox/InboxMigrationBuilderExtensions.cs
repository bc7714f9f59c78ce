using Microsoft.EntityFrameworkCore.Migrations;

namespace Inbox;

/// <summary>What a migration adds to the inbox table beyond its model.</summary>
public static class InboxMigrationBuilderExtensions
{
    /// <summary>Creates the trigger that makes the COMMIT of a handler fail, since only the inbox commits. Without it a handler
    /// that commits in the middle of a batch could take the other messages of that batch for handled.</summary>
    public static void CreateInboxGuard(this MigrationBuilder migration) => migration.Sql(InboxSql.CreateGuard);

    /// <summary>Drops what <see cref="CreateInboxGuard"/> created.</summary>
    public static void DropInboxGuard(this MigrationBuilder migration) => migration.Sql(InboxSql.DropGuard);
}
