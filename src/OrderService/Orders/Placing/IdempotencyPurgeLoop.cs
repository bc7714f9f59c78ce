namespace OrderService.Orders.Placing;

/// <summary>Purges idempotency keys every ten minutes: batch after batch until one is not full. Not until none is left: keys expire all the
/// time, and each would get a statement of its own.</summary>
internal sealed partial class IdempotencyPurgeLoop(IdempotencyPurge purge, TimeProvider clock, ILogger<IdempotencyPurgeLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                // First the wait: at a start there is more urgent work, and the database may not be there yet.
                await Task.Delay(Interval, clock, stoppingToken);
                while (await PurgeSafelyAsync(stoppingToken))
                {
                }
            }
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task<bool> PurgeSafelyAsync(CancellationToken stoppingToken)
    {
        try
        {
            return await purge.PurgeBatchAsync(stoppingToken);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            LogPurgeFailed(exception.Message, Interval);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Expired idempotency keys were not purged ({Reason}); the next try is in {Interval}")]
    private partial void LogPurgeFailed(string reason, TimeSpan interval);
}
