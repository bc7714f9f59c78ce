using Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Outbox.Relay;

/// <summary>Opens the relay's connections, each for one purpose, and checks that the database can keep the guarantees.</summary>
internal sealed class OutboxDatabase
{
    private const string Setting = "ConnectionStrings:Postgres";

    private readonly string _connectionString;
    private readonly IHostEnvironment _environment;

    public OutboxDatabase(IConfiguration configuration, IHostEnvironment environment)
    {
        _environment = environment;
        if (string.IsNullOrWhiteSpace(configuration[Setting]))
        {
            throw new SettingsException($"{SettingName.OfKey(Setting)} is not set: it must be an Npgsql connection string.");
        }

        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(configuration[Setting]);
        }
        catch (ArgumentException exception)
        {
            throw new SettingsException($"{SettingName.OfKey(Setting)} is not understood: {exception.Message}");
        }

        // A pooled connection keeps its session, and with it an advisory lock, after it was closed. Keepalive would feed
        // the lease of an owner whose pipeline is dead.
        builder.Pooling = false;
        builder.KeepAlive = 0;
        builder.Enlist = false;
        builder.Multiplexing = false;
        builder.Timeout = 5;
        if (!builder.ShouldSerialize("GSS Encryption Mode"))
        {
            // Asked for first and in vain where there is no Kerberos: a silent server would be waited for twice.
            builder.GssEncryptionMode = GssEncryptionMode.Disable;
        }

        _connectionString = builder.ConnectionString;
    }

    /// <summary>Opens a session that works by <see cref="OutboxSql.PrepareSession"/>.</summary>
    /// <exception cref="InvalidOperationException">The server is a standby, for as long as it is one.</exception>
    public async Task<NpgsqlConnection> OpenAsync(string purpose, TimeSpan commandTimeout, CancellationToken cancellationToken)
    {
        var builder = new NpgsqlConnectionStringBuilder(_connectionString)
        {
            ApplicationName = $"{_environment.ApplicationName} relay {purpose}",
            CommandTimeout = Math.Max(1, (int)Math.Ceiling(commandTimeout.TotalSeconds)),
        };
        var connection = new NpgsqlConnection(builder.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await PrepareAsync(connection, cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Has the session work by <see cref="OutboxSql.PrepareSession"/>.</summary>
    /// <exception cref="InvalidOperationException">The server is a standby, for as long as it is one.</exception>
    public static async Task PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.PrepareSession, connection);
        if ((bool)(await command.ExecuteScalarAsync(cancellationToken))!)
        {
            throw new InvalidOperationException(
                $"{SettingName.OfKey(Setting)} leads to a standby server: its locks are not those of the server that the rows are written to.");
        }
    }

    /// <summary>Lets the server end the session when it has been silent for <paramref name="lease"/>.</summary>
    public static async Task LimitAsync(NpgsqlConnection connection, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.LimitSession, connection);
        command.Parameters.AddWithValue("lease", $"{lease.TotalMilliseconds:0}ms");
        command.Parameters.AddWithValue("statement", $"{lease.TotalMilliseconds / 3:0}ms");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Looks for the table.</summary>
    /// <exception cref="InvalidOperationException">It has not been migrated yet.</exception>
    /// <exception cref="UnfitDatabaseException">A pooler stands between, the ids are not given in order, or commits are not durable.</exception>
    public async Task<OutboxTable> InspectAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(OutboxSql.Inspect, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            throw new InvalidOperationException("The table outbox_message does not exist yet: the migrations have not run.");
        }

        if (reader.GetInt32(1) != connection.ProcessID)
        {
            throw new UnfitDatabaseException(
                $"{SettingName.OfKey(Setting)} leads through a connection pooler. In transaction or statement mode session locks mean nothing, and two relays "
                + "would own the outbox; in session mode too the pooler tells of a session that is not there. Give the relay a direct connection.");
        }

        if (await reader.IsDBNullAsync(4, cancellationToken) || reader.GetString(2) != "a" || reader.GetInt64(3) != 1)
        {
            throw new UnfitDatabaseException(
                "outbox_message.id must be GENERATED ALWAYS AS IDENTITY with CACHE 1: ids given in another way are not in the "
                + "order of insertion, and the relay would pass rows by.");
        }

        if ((Durability.FaultOf(reader.GetString(5), reader.GetString(6), _environment)
            ?? Durability.FaultOf("outbox_message", reader.GetBoolean(7), _environment)) is { } fault)
        {
            throw new UnfitDatabaseException(fault);
        }

        return new OutboxTable(reader.GetFieldValue<uint>(0), reader.GetFieldValue<uint>(4));
    }
}
