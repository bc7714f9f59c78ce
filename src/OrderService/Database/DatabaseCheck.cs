using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace OrderService.Database;

/// <summary>Healthy when the database answers and has been migrated, degraded while it takes no writes. Asked through the context, so
/// that its model is built before the first request is let in; but not by a query of EF Core's, whose translation takes a tenth of a
/// start.</summary>
internal sealed class DatabaseCheck<TContext>(TContext db) : IHealthCheck
    where TContext : DbContext
{
    /// <summary>How long the database may take to answer.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    private const string Inspect = "SELECT to_regclass('outbox_message') IS NOT NULL, current_setting('transaction_read_only')::bool";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await db.Database.OpenConnectionAsync(cancellationToken);
            await using var command = new NpgsqlCommand(Inspect, (NpgsqlConnection)db.Database.GetDbConnection());
            // The bound of the check alone would not do: see RequestCommands.
            command.CommandTimeout = (int)Bound.TotalSeconds;
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            return reader.GetBoolean(0)
                ? reader.GetBoolean(1) ? HealthCheckResult.Degraded("Is read-only: a standby server, or set so.") : HealthCheckResult.Healthy("Answers.")
                : HealthCheckResult.Unhealthy("Has no table outbox_message: it has not been migrated.");
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy(exception.GetBaseException().Message);
        }
    }
}
