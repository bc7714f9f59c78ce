using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace OrderService.Database;

/// <summary>Healthy when the database answers and has been migrated.</summary>
internal sealed class DatabaseCheck(NpgsqlDataSource database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = database.CreateCommand("SELECT to_regclass('outbox_message') IS NOT NULL");
            return await command.ExecuteScalarAsync(cancellationToken) is true
                ? HealthCheckResult.Healthy("Answers.")
                : HealthCheckResult.Unhealthy("Has no table outbox_message: it has not been migrated.");
        }
        catch (NpgsqlException exception)
        {
            return HealthCheckResult.Unhealthy(exception.InnerException?.Message ?? exception.Message);
        }
    }
}
