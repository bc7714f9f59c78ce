using Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Outbox.Relay;

/// <summary>Stands by until it owns the outbox table, then publishes it; one relay at a time does.</summary>
internal sealed partial class OutboxRelay(
    OutboxDatabase database, RelayTerm term, RelayStatus status, OutboxMetrics metrics, FatalFault fatal, OutboxOptions options,
    TimeProvider clock, ILogger<OutboxRelay> logger) : BackgroundService
{
    // A killed owner's lock is free within milliseconds: a standby has it within this time.
    private static readonly TimeSpan StandbyPoll = TimeSpan.FromMilliseconds(750);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.Begin();
        var reconnect = new Reconnect(clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await StandByAndOwnAsync(reconnect, stoppingToken);
            }
            catch (Exception exception) when (exception is UnfitDatabaseException or TopologyMismatchException)
            {
                fatal.Stop(exception.Message);
                return;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                status.DatabaseLost(exception.Message);
                LogEnded(exception.Message);
                await reconnect.WaitAsync(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task StandByAndOwnAsync(Reconnect reconnect, CancellationToken stoppingToken)
    {
        await using var owner = await OwnerLock.OpenAsync(database, options.Lease, stoppingToken);
        reconnect.Succeeded();
        while (!await owner.TryTakeAsync(stoppingToken))
        {
            status.StandsBy();
            await Task.Delay(StandbyPoll, clock, stoppingToken);
        }

        status.BecameOwner();
        LogOwns();
        await term.RunAsync(owner, stoppingToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This relay owns the outbox")]
    private partial void LogOwns();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The relay does not own the outbox and tries again: {Reason}")]
    private partial void LogEnded(string reason);
}
