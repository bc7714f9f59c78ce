using Npgsql;

namespace Servers.Running;

/// <summary>The database of the service: migrated, and with something in stock.</summary>
internal static class OrdersDatabase
{
    private static readonly TimeSpan MigrationDeadline = TimeSpan.FromMinutes(5);

    private const string FillEmptyStockSql =
        """
        INSERT INTO stock (sku, available)
        SELECT 'sku-' || n, 1000000
        FROM generate_series(1, 1000) AS n
        WHERE NOT EXISTS (SELECT FROM stock)
        ON CONFLICT DO NOTHING
        """;

    /// <summary>Creates the database where it is absent, applies the migrations, and fills an empty stock. Returns the
    /// connection string.</summary>
    public static async Task<string> PrepareAsync(string connectionString, CancellationToken cancellationToken)
    {
        var migrated = await Command.RunAsync(
            "dotnet",
            [DotNet.Assembly("migrations/Migrations.csproj")],
            MigrationDeadline,
            cancellationToken,
            new Dictionary<string, string> { ["ConnectionStrings__Postgres"] = connectionString });
        if (!migrated.Succeeded)
        {
            throw new ServersException($"The migrations failed:\n{migrated.Output}{migrated.Error}");
        }

        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var fill = new NpgsqlCommand(FillEmptyStockSql, connection);
        await fill.ExecuteNonQueryAsync(cancellationToken);
        return connectionString;
    }
}
