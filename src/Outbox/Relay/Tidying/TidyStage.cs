using Microsoft.Extensions.Logging;
using Npgsql;

namespace Outbox.Relay;

/// <summary>Decides when to tidy. A failure here never ends the relay: what it does can wait.</summary>
internal sealed partial class TidyStage(OutboxDatabase database, OutboxOptions options, OutboxMetrics metrics, TimeProvider clock, ILogger<TidyStage> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FromStartInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan StatementBound = TimeSpan.FromMinutes(1);

    // Counting two million rows takes a moment: it gets at most this share of the time, unless the figures would become too old.
    private const int CountShare = 50;
    private static readonly TimeSpan OldestCount = TimeSpan.FromMinutes(5);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await TidySafelyAsync(cancellationToken);
            }
        }
        finally
        {
            metrics.Observed(null);
        }
    }

    private async Task TidySafelyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await database.OpenAsync("tidier", StatementBound, cancellationToken);
            await TidyAsync(new Tidier(connection, options.Retention), cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            metrics.Observed(null);
            LogFailed(exception.Message, Interval);
            await Task.Delay(Interval, clock, cancellationToken);
        }
    }

    private async Task TidyAsync(Tidier tidier, CancellationToken cancellationToken)
    {
        var fromStart = clock.GetTimestamp();
        var counted = fromStart;
        var pause = TimeSpan.Zero;
        while (true)
        {
            var isPurged = await PurgeAsync(tidier, cancellationToken);
            if (clock.GetElapsedTime(fromStart) >= FromStartInterval)
            {
                tidier.PurgeFromStart();
                fromStart = clock.GetTimestamp();
            }

            // Last: it may fail for taking too long, and what is old is to go all the same.
            if (clock.GetElapsedTime(counted) >= pause)
            {
                var began = clock.GetTimestamp();
                metrics.Observed(await CountSafelyAsync(tidier, cancellationToken));
                counted = clock.GetTimestamp();
                var share = clock.GetElapsedTime(began, counted) * CountShare;
                pause = share < OldestCount ? share : OldestCount;
            }

            if (isPurged)
            {
                await Task.Delay(Interval, clock, cancellationToken);
            }
        }
    }

    /// <returns>False if there is more: counting does not wait until a large table is purged.</returns>
    private async Task<bool> PurgeAsync(Tidier tidier, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var isPurged = false;
        while (!isPurged && clock.GetElapsedTime(began) < Interval)
        {
            isPurged = !await tidier.PurgeAsync(cancellationToken);
        }

        return isPurged;
    }

    /// <returns>Null if it fails: an old count would be taken for a new one.</returns>
    private async Task<BacklogSample?> CountSafelyAsync(Tidier tidier, CancellationToken cancellationToken)
    {
        try
        {
            return await tidier.CountAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotCounted(exception.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The backlog of the outbox could not be counted: {Reason}")]
    private partial void LogNotCounted(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Tidying the outbox failed and is tried again in {Delay}: {Reason}")]
    private partial void LogFailed(string reason, TimeSpan delay);
}
