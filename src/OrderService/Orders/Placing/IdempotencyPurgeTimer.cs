namespace OrderService.Orders.Placing;

/// <summary>Decides when idempotency keys are purged: every ten minutes.</summary>
internal sealed partial class IdempotencyPurgeTimer(IdempotencyPurge purge, TimeProvider clock, ILogger<IdempotencyPurgeTimer> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // First the wait: at a start there is more urgent work, and the database may not be there yet.
            await Task.Delay(Interval, clock, stoppingToken);
            await PurgeSafelyAsync(stoppingToken);
        }
    }

    private async Task PurgeSafelyAsync(CancellationToken stoppingToken)
    {
        try
        {
            await purge.RunAsync(stoppingToken);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            LogFailed(exception.Message, Interval);
        }
        catch (Exception)
        {
            // The service stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Expired idempotency keys were not purged ({Reason}); the next try is in {Interval}")]
    private partial void LogFailed(string reason, TimeSpan interval);
}
