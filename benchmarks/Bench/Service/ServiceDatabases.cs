using Bench.Setup;
using Npgsql;
using Servers.Running;

namespace Bench.Service;

/// <summary>Databases for the service, with its tables and with stock.</summary>
internal static class ServiceDatabases
{
    private static Task<Database>? _template;
    private static int _made;

    /// <summary>A copy of one that is migrated once in a run: a migration is a process of its own, and takes seconds.</summary>
    public static async Task<Database> NewAsync(Run run)
    {
        await ServiceProgram.BuildAsync(run.Scale, run.Stop);
        var template = await (_template ??= MigrateAsync(run));
        var connection = new NpgsqlConnectionStringBuilder(template.ConnectionString);
        var (original, copy) = (connection.Database, $"service_{++_made}");
        connection.Database = "postgres";
        await using (var server = NpgsqlDataSource.Create(connection))
        await using (var create = server.CreateCommand($"CREATE DATABASE {copy} TEMPLATE {original}"))
        {
            await create.ExecuteNonQueryAsync(run.Stop);
        }

        return new Database(connection.ConnectionString, copy);
    }

    // It lasts as long as the servers, and nobody may be connected to it.
    private static async Task<Database> MigrateAsync(Run run)
    {
        var database = await run.Arena.NewDatabaseAsync();
        await MigratedDatabase.PrepareAsync(database.ConnectionString, run.Stop);
        return database;
    }
}
