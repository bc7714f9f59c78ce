namespace Servers.Running;

/// <summary>The database of the service.</summary>
internal static class MigratedDatabase
{
    public const string Project = "migrations/Migrations.csproj";

    private static readonly IReadOnlyList<string> Fillings =
    [
#if (!noFulfilment)
        "--fill-stock",
#endif
    ];

    private static readonly TimeSpan MigrationDeadline = TimeSpan.FromMinutes(5);

    /// <summary>Creates the database where it is absent, applies the migrations, and fills it for a first try.
    /// Returns the connection string.</summary>
    public static async Task<string> PrepareAsync(string connectionString, CancellationToken cancellationToken)
    {
        var migrated = await Command.RunAsync(
            "dotnet",
            [DotNet.Assembly(Project), .. Fillings],
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
