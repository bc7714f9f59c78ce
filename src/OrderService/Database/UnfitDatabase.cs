using Messaging;
using Npgsql;

namespace OrderService.Database;

/// <summary>Looks once, as soon as the database answers, whether it keeps what it commits and is what it seems to be. If not, the
/// process stops with exit code 1, whichever roles it runs: the role api too would acknowledge what a crash takes back.</summary>
internal sealed class UnfitDatabase(
    NpgsqlDataSource database, IHostEnvironment environment, FatalFault fatal, TimeProvider clock) : BackgroundService
{
    private const string Inspect = "SELECT pg_backend_pid(), current_setting('fsync'), current_setting('synchronous_commit')";

    private static readonly string Pooled =
        $"{SettingName.OfKey(ServiceDatabase.Setting)} leads through a connection pooler. Give the service a direct connection: it has a pool of its own.";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                if (await FindFaultAsync(stoppingToken) is { } fault)
                {
                    fatal.Stop(fault);
                }

                return;
            }
            catch (PostgresException refused) when (
                refused.SqlState == PostgresErrorCodes.ProtocolViolation && refused.MessageText.Contains("startup parameter", StringComparison.Ordinal))
            {
                // PgBouncer lets nobody set a session's options.
                fatal.Stop(Pooled);
                return;
            }
            catch (Exception)
            {
                // It does not answer yet, which the health check tells. Not all that stands in the way is an exception of the database's, such
                // as a missing certificate, and what leaves this method stops the service with exit code 0.
                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
    }

    private async Task<string?> FindFaultAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Inspect, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (reader.GetInt32(0) != connection.ProcessID)
        {
            // The process id that it made up stands for no session: one that a handler does not let go of could not be ended, and in
            // transaction mode neither prepared statements nor what a session has set hold.
            return Pooled;
        }

        return Durability.FaultOf(reader.GetString(1), reader.GetString(2), environment);
    }
}
