using System.Threading.Channels;
using Messaging;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Outbox.Relay;

/// <summary>Marks what stands in the backlog and charges what was refused, one statement at a time, each over everything that came in
/// since the last.</summary>
internal sealed partial class MarkStage(
    OutboxDatabase database, MarkBacklog backlog, OutboxOptions options, OutboxMetrics metrics, RelayStatus status, TimeProvider clock,
    ILogger<MarkStage> logger)
{
    // Marks are shared: with a few messages on their way at a time each would otherwise have a commit of its own, which costs
    // the database more than the message costs the broker. Nobody waits for a mark.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(10);

    // Npgsql asks the server to cancel, on a connection that may take 5 s to open, and waits 2 s for it to do so.
    private static readonly TimeSpan CancelBound = TimeSpan.FromSeconds(10);

    // A statement may wait for a lock as long as a lease. It must have failed, and been given up, before the stage counts as stuck:
    // another owner would only wait for the same lock, and publish again what is not marked.
    private readonly TimeSpan _bound = options.Lease + CancelBound;

    /// <summary>Marks what earlier terms of ownership left, before anything is read and published again.</summary>
    public async Task MarkBacklogAsync(OwnerLock owner, CancellationToken cancellationToken)
    {
        if (backlog.Count > 0)
        {
            await using var connection = await database.OpenAsync("marker", options.Lease, cancellationToken);
            await MarkAsync(new Marker(connection, owner, options), cancellationToken);
        }
    }

    /// <summary>Works until <paramref name="settled"/> is completed and empty. A statement that fails is repeated, on another
    /// connection, until it succeeds.</summary>
    public async Task RunAsync(ChannelReader<Settlement> settled, Lookahead lookahead, OwnerLock owner, StagePulse pulse, CancellationToken cancellationToken)
    {
        var refused = new List<(OutboxRow Row, Refusal Refusal)>();
        var reconnect = new Reconnect(clock);
        var pending = true;
        while (pending)
        {
            try
            {
                pulse.Busy(_bound);
                await using var connection = await database.OpenAsync("marker", options.Lease, cancellationToken);
                var marker = new Marker(connection, owner, options);
                while (pending)
                {
                    await WriteAsync(refused, marker, lookahead, pulse, cancellationToken);
                    reconnect.Succeeded();
                    status.MarkingWorks();
                    lookahead.Pause(false);
                    pulse.Idle();
                    pending = await settled.WaitToReadAsync(cancellationToken);
                    pulse.Busy(_bound);
                    if (pending)
                    {
                        await Task.Delay(Gathering, clock, cancellationToken);
                    }

                    while (settled.TryRead(out var settlement))
                    {
                        if (settlement.Refusal is { } refusal)
                        {
                            refused.Add((settlement.Row, refusal));
                        }
                    }
                }
            }
            catch (NpgsqlException exception) when (!cancellationToken.IsCancellationRequested)
            {
                pulse.Idle();
                status.MarkingFailed(exception.Message);
                lookahead.Pause(true);
                LogFailed(exception.Message);
                await reconnect.WaitAsync(cancellationToken);
            }
        }
    }

    private async Task WriteAsync(
        List<(OutboxRow Row, Refusal Refusal)> refused, Marker marker, Lookahead lookahead, StagePulse pulse, CancellationToken cancellationToken)
    {
        if (backlog.Count > 0)
        {
            lookahead.Marked(await MarkAsync(marker, cancellationToken));
        }

        if (refused.Count > 0)
        {
            pulse.Busy(_bound);
            ApplyCharge(refused, await marker.ChargeAsync(refused, cancellationToken), lookahead);
            refused.Clear();
        }
    }

    /// <returns>The ids of what is marked.</returns>
    private async Task<long[]> MarkAsync(Marker marker, CancellationToken cancellationToken)
    {
        var rows = backlog.ToArray();
        var marked = await marker.MarkAsync(rows, cancellationToken);
        Failpoint.Hit("relay.after-mark");
        backlog.Remove(rows);
        metrics.Sent(marked);
        return Array.ConvertAll(rows, row => row.Id);
    }

    private void ApplyCharge(List<(OutboxRow Row, Refusal Refusal)> refused, Dictionary<long, bool> charged, Lookahead lookahead)
    {
        foreach (var (row, refusal) in refused)
        {
            if (!charged.TryGetValue(row.Id, out var parked))
            {
                lookahead.ReadAgainFrom(row);
            }
            else if (parked)
            {
                metrics.Parked();
                LogParked(row.Id, row.MessageId, row.Exchange, row.RoutingKey, refusal.Reason);
                lookahead.Gone(row);
            }
            else
            {
                metrics.Deferred();
                LogDeferred(row.Id, row.Attempts + 1, refusal.Reason);
                lookahead.Deferred(row);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Marking failed and is repeated before more is published: {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Outbox row {Id} (message {MessageId}) is parked: exchange \"{Exchange}\", routing key \"{RoutingKey}\": {Reason}")]
    private partial void LogParked(long id, Guid messageId, string exchange, string routingKey, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Outbox row {Id} is deferred after attempt {Attempt}: {Reason}")]
    private partial void LogDeferred(long id, int attempt, string reason);
}
