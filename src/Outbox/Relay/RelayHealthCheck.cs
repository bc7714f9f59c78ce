using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Outbox.Relay;

/// <summary>Healthy: it publishes, or stands by. Degraded: the broker is away or paused, or says nothing of what is published, or confirmed
/// rows cannot be marked, and rows wait safely. Unhealthy: the database cannot be used, or the broker has never been reached.</summary>
internal sealed class RelayHealthCheck(RelayStatus status) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Check());

    private HealthCheckResult Check() => status switch
    {
        { DatabaseFault: { } fault } => HealthCheckResult.Unhealthy(fault),
        { Owns: false } => HealthCheckResult.Healthy("Stands by."),
        { MarkingFault: { } fault } => HealthCheckResult.Degraded($"Confirmed messages cannot be marked as sent, and no more are published: {fault}"),
        { BrokerFault: { } fault, BrokerSeen: false } => HealthCheckResult.Unhealthy(fault),
        { BrokerFault: { } fault } => HealthCheckResult.Degraded(fault),
        _ => HealthCheckResult.Healthy("Owns the outbox and publishes."),
    };
}
