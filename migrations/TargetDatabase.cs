using System.Diagnostics;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Migrations;

/// <summary>The database that is brought up to date.</summary>
internal sealed class TargetDatabase(NpgsqlConnectionStringBuilder address)
{
    private static readonly TimeSpan ServerDeadline = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public string Name => address.Database!;

    /// <exception cref="ArgumentException">The connection string is missing, not understood, or names no database.</exception>
    public static NpgsqlConnectionStringBuilder ReadAddress(string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            throw new ArgumentException("is not set: it must be an Npgsql connection string with a Database.");
        }

        NpgsqlConnectionStringBuilder address;
        try
        {
            // A pooled connection would outlive its use, and keep a lock or hold up whoever drops the database. And a migration takes as
            // long as its tables and the locks on them do.
            address = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = 0 };
            // Refuses what its parser lets pass.
            using var database = NpgsqlDataSource.Create(address);
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new ArgumentException($"is not understood: {fault.Message}");
        }

        if (address.Port > IPEndPoint.MaxPort)
        {
            throw new ArgumentException($"has Port={address.Port}: it must be from 1 to {IPEndPoint.MaxPort}.");
        }

        return string.IsNullOrEmpty(address.Database) ? throw new ArgumentException("names no Database.") : address;
    }

    /// <summary>Waits for the server, and completes when it has the database.</summary>
    /// <exception cref="TimeoutException">The server has not answered for a minute.</exception>
    /// <exception cref="PostgresException">The server refuses: a wrong password, no right to create a database.</exception>
    public async Task CreateIfAbsentAsync(CancellationToken cancellationToken)
    {
        if (await ExistsAsync(cancellationToken))
        {
            return;
        }

        // template0, since template1 may have another encoding.
        await CreateAsync(
            $"CREATE DATABASE {Quote(Name)} ENCODING 'UTF8' TEMPLATE template0",
            new NpgsqlConnectionStringBuilder(address.ConnectionString) { Database = "postgres" },
            cancellationToken);
    }

    /// <summary>Applies what is missing and returns the name of the newest migration. EF Core takes a lock: of two at once,
    /// one waits. The tables stand in the first schema of the connection's search_path, which is created where it is named
    /// and absent.</summary>
    public async Task<string> MigrateAsync(CancellationToken cancellationToken)
    {
        if (FirstOf(address.SearchPath) is { Length: > 0 } schema && schema != "$user")
        {
            // Not IF NOT EXISTS, which asks for the right to create schemas before it looks whether this one is there.
            await CreateAsync(
                $"DO $do$ BEGIN IF to_regnamespace({Literal(Quote(schema))}) IS NULL THEN CREATE SCHEMA {Quote(schema)}; END IF; END $do$",
                address, cancellationToken);
        }

        await using var db = OrdersDbContextFactory.Create(address.ConnectionString);
        await db.Database.MigrateAsync(cancellationToken);
        return db.Database.GetMigrations().Last();
    }

    /// <summary>Runs one statement.</summary>
    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) => ExecuteAsync(sql, address, cancellationToken);

    private static async Task CreateAsync(string sql, NpgsqlConnectionStringBuilder address, CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync(sql, address, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.DuplicateSchema or PostgresErrorCodes.UniqueViolation)
        {
            // Another one has created it at the same moment.
        }
    }

    private static async Task ExecuteAsync(string sql, NpgsqlConnectionStringBuilder address, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(address.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // As PostgreSQL reads it: without quotes, capitals of ASCII are small ones.
    private static string? FirstOf(string? searchPath) => searchPath?.Split(',')[0].Trim() switch
    {
        ['"', .. var quoted, '"'] => quoted.Replace("\"\"", "\"", StringComparison.Ordinal),
        { } plain => string.Concat(plain.Select(letter => char.IsAsciiLetterUpper(letter) ? char.ToLowerInvariant(letter) : letter)),
        null => null,
    };

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Quote(string name) => new NpgsqlCommandBuilder().QuoteIdentifier(name);

    private async Task<bool> ExistsAsync(CancellationToken cancellationToken)
    {
        for (var waiting = Stopwatch.StartNew(); ; await Task.Delay(Pause, cancellationToken))
        {
            try
            {
                await using var connection = new NpgsqlConnection(address.ConnectionString);
                await connection.OpenAsync(cancellationToken);
                return true;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidCatalogName)
            {
                return false;
            }
            catch (NpgsqlException exception) when (exception.IsTransient && waiting.Elapsed < ServerDeadline)
            {
                // It is not up yet, or still starting.
            }
            catch (NpgsqlException exception) when (exception.IsTransient)
            {
                throw new TimeoutException(
                    $"{address.Host}:{address.Port} has not answered for {ServerDeadline.TotalSeconds:0} s ({exception.InnerException?.Message ?? exception.Message}).");
            }
        }
    }
}
