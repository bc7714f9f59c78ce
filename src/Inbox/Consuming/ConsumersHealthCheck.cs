using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Inbox;

/// <summary>Healthy when the database answers and each queue has its subscription. A consumer that stands by for another
/// process counts as subscribed. Degraded while handlers run on though their time is over.</summary>
internal sealed class ConsumersHealthCheck(IEnumerable<ConsumerStatus> consumers, InboxDatabase database) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        List<string> reasons = [.. consumers.Select(consumer => consumer.WhyNotReady is { } reason ? $"{consumer.Queue}: {reason}" : null).OfType<string>()];
        if (await database.WhyNotAnsweringAsync(Patience, cancellationToken) is { } silence)
        {
            reasons.Insert(0, silence);
        }

        var isReady = reasons.Count == 0;
        reasons.AddRange(consumers.Where(consumer => consumer.RunningOn > 0)
            .Select(consumer => $"{consumer.Queue}: {consumer.RunningOn} calls of handlers have not ended though their time is over"));
        return reasons.Count == 0
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(isReady ? HealthStatus.Degraded : context.Registration.FailureStatus, string.Join("; ", reasons));
    }
}
