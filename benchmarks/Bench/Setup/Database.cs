using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Npgsql;

namespace Bench.Setup;

/// <summary>A database of a workload; dropped at the end.</summary>
internal sealed class Database(string server, string name) : IAsyncDisposable
{
    private NpgsqlDataSource? _source;

    // Statements are prepared as the service prepares them.
    public string ConnectionString { get; } =
        new NpgsqlConnectionStringBuilder(server) { Database = name, CommandTimeout = 600, MaxAutoPrepare = 50 }.ConnectionString;

    public NpgsqlDataSource Source => _source ??= NpgsqlDataSource.Create(ConnectionString);

    /// <summary>Creates the tables of a context, and what migrations add to them.</summary>
    public async Task CreateTablesAsync(DbContext context, Action<MigrationBuilder> migrate)
    {
        await context.Database.EnsureCreatedAsync();
        var migration = new MigrationBuilder(activeProvider: null);
        migrate(migration);
        foreach (var operation in migration.Operations.OfType<SqlOperation>())
        {
            await ExecuteAsync(operation.Sql);
        }
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }

        await using var pooled = new NpgsqlConnection(ConnectionString);
        NpgsqlConnection.ClearPool(pooled);
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var drop = new NpgsqlCommand($"DROP DATABASE IF EXISTS {name} WITH (FORCE)", connection) { CommandTimeout = 600 };
        await drop.ExecuteNonQueryAsync();
    }
}
