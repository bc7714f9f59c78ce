namespace Servers.Running;

/// <summary>The database of the service: migrated, and with something in stock.</summary>
internal static class OrdersDatabase
{
    public const string Project = "migrations/Migrations.csproj";

    private static readonly TimeSpan MigrationDeadline = TimeSpan.FromMinutes(5);

    /// <summary>Creates the database where it is absent, applies the migrations, and fills an empty stock. Returns the
    /// connection string.</summary>
    public static async Task<string> PrepareAsync(string connectionString, CancellationToken cancellationToken)
    {
        var migrated = await Command.RunAsync(
            "dotnet",
            [DotNet.Assembly(Project), "--fill-stock"],
            MigrationDeadline,
            cancellationToken,
            new Dictionary<string, string> { ["ConnectionStrings__Postgres"] = connectionString });
        if (!migrated.Succeeded)
        {
            throw new ServersException($"The migrations failed:\n{migrated.Output}{migrated.Error}");
        }

        return connectionString;
    }
}
