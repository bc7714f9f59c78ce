using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrderService.Database;

/// <summary>Healthy when the database answers and has been migrated. Asked through the context, so that its model is built
/// before the first request is let in.</summary>
internal sealed class DatabaseCheck<TContext>(TContext db) : IHealthCheck
    where TContext : DbContext
{
    /// <summary>How long the database may take to answer.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            // The bound of the check alone would not do: see RequestCommands.
            db.Database.SetCommandTimeout(Bound);
            return await db.Database.SqlQuery<bool>($"""SELECT to_regclass('outbox_message') IS NOT NULL AS "Value" """).SingleAsync(cancellationToken)
                ? HealthCheckResult.Healthy("Answers.")
                : HealthCheckResult.Unhealthy("Has no table outbox_message: it has not been migrated.");
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy(exception.GetBaseException().Message);
        }
    }
}
