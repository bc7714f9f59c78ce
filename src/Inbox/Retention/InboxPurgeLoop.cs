using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>Purges from time to time, for as long as the service runs.</summary>
internal sealed partial class InboxPurgeLoop(InboxPurge purge, Timings timings, TimeProvider clock, ILogger<InboxPurgeLoop> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                if (!await PurgeSafelyAsync(stoppingToken))
                {
                    await Task.Delay(timings.Purge, clock, stoppingToken);
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
            LogPurgeFailed(exception, timings.Purge);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Expired inbox rows could not be purged; it is tried again in {Delay}")]
    private partial void LogPurgeFailed(Exception exception, TimeSpan delay);
}
