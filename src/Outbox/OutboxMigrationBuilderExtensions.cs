using Microsoft.EntityFrameworkCore.Migrations;

namespace Outbox;

/// <summary>What a migration adds to the outbox table beyond its model.</summary>
public static class OutboxMigrationBuilderExtensions
{
    /// <summary>Creates the statement trigger that wakes a sleeping relay. Without it messages are still published, but only
    /// when the relay polls.</summary>
    public static void CreateOutboxWakeUp(this MigrationBuilder migration) => migration.Sql(OutboxSql.CreateWakeUp);

    /// <summary>Drops what <see cref="CreateOutboxWakeUp"/> created.</summary>
    public static void DropOutboxWakeUp(this MigrationBuilder migration) => migration.Sql(OutboxSql.DropWakeUp);
}
