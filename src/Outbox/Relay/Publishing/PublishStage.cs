using System.Threading.Channels;
using Messaging;
using Microsoft.Extensions.Logging;

namespace Outbox.Relay;

/// <summary>Keeps a connection to the broker for publishing, and opens another whenever it breaks. That is charged to no rows but those
/// over which the broker has closed it.</summary>
internal sealed partial class PublishStage(
    BrokerConnector connector, TopologyDeclarer declarer, Topology topology, MarkBacklog backlog, OutboxOptions options,
    OutboxMetrics metrics, RelayStatus status, TimeProvider clock, ILogger<PublishStage> logger)
{
    // Each channel has a process of its own in the broker, with its own part of a burst to take and to confirm.
    private const int Channels = 4;

    private readonly RefusedRoutes _refused = new(topology, clock);

    /// <summary>Publishes until <paramref name="stopTaking"/>, and returns when nothing is in flight any more; at once after
    /// <paramref name="abandon"/>.</summary>
    /// <exception cref="TopologyMismatchException">A queue or exchange exists with other arguments.</exception>
    public async Task RunAsync(Lookahead lookahead, ChannelWriter<Settlement> settled, StagePulse pulse, CancellationToken stopTaking, CancellationToken abandon)
    {
        var reconnect = new Reconnect(clock);
        while (!stopTaking.IsCancellationRequested)
        {
            pulse.Idle();
            try
            {
                await using var publisher = await OpenAsync(stopTaking);
                reconnect.Succeeded();
                status.BrokerReached();
                await using var abandoned = abandon.Register(publisher.Abandon);
                var outcomes = new RowOutcomes(lookahead, backlog, settled, topology, _refused, options, metrics);
                await new PublishSession(publisher, lookahead, outcomes, _refused, status, connector.AppId, options).RunAsync(pulse, stopTaking);
                if (!stopTaking.IsCancellationRequested)
                {
                    status.BrokerLost(publisher.BreakReason!);
                    LogLost(publisher.BreakReason!);
                }
            }
            catch (Exception exception) when (exception is not TopologyMismatchException && !stopTaking.IsCancellationRequested)
            {
                status.BrokerLost(exception.Message);
                LogUnreachable(exception.Message);
            }

            await reconnect.WaitAsync(stopTaking);
        }
    }

    /// <summary>Connects, and declares the whole topology before anything is published: a queue that is bound later would
    /// miss in silence what was confirmed before.</summary>
    private async Task<ConfirmedPublisher> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await connector.ConnectAsync("relay", cancellationToken);
        try
        {
            await declarer.DeclareAsync(connection, cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        return await ConfirmedPublisher.OpenAsync(connection, Channels, options.ConfirmTimeout, clock, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The relay lost its broker connection and opens another: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The relay cannot reach the broker and tries again: {Reason}")]
    private partial void LogUnreachable(string reason);
}
