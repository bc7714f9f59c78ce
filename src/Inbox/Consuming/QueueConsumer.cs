using Messaging;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>Keeps one queue subscribed: waits for the database, connects, declares, subscribes, and begins again when anything
/// breaks. Nothing but a fault that only an operator can mend ends it.</summary>
internal sealed partial class QueueConsumer(
    QueueDefinition queue,
    BrokerConnector connector,
    TopologyDeclarer declarer,
    InboxDatabase database,
    Func<Subscription> newSubscription,
    ConsumerStatus status,
    FatalFault fatalFault,
    TimeProvider clock,
    ILogger<QueueConsumer> logger)
{
    private static readonly TimeSpan DatabasePatience = TimeSpan.FromSeconds(5);

    private readonly Reconnect _pauses = new(clock);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(stopping);
                await _pauses.WaitAsync(stopping);
            }
            catch (Exception exception) when (exception is TopologyMismatchException or UnsafeDatabaseException)
            {
                status.Unsubscribed(exception.Message);
                fatalFault.Stop(exception);
                return;
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Returns when the connection is of no use any more.</summary>
    private async Task ConsumeAsync(CancellationToken stopping)
    {
        // Without the database every delivery would only wait here, and lose a life with each lost connection.
        if (await database.WhyNotAnsweringAsync(DatabasePatience, stopping) is { } silence)
        {
            NotReady(silence);
            return;
        }

        IConnection? connection = null;
        try
        {
            connection = await connector.ConnectAsync($"consume {queue.Name}", stopping);
            await declarer.DeclareAsync(connection, stopping);
            await SubscribeAsync(connection, stopping);
        }
        catch (Exception exception) when (exception is not TopologyMismatchException && !stopping.IsCancellationRequested)
        {
            NotReady($"{exception.GetType().Name}: {exception.Message}");
        }
        finally
        {
            if (connection is not null)
            {
                await BrokerConnector.AbandonAsync(connection);
            }
        }
    }

    private async Task SubscribeAsync(IConnection connection, CancellationToken stopping)
    {
        var end = SubscriptionEnd.Widen;
        while (end is SubscriptionEnd.Narrow or SubscriptionEnd.Widen)
        {
            end = await newSubscription().RunAsync(connection, narrow: end == SubscriptionEnd.Narrow, OnSubscribed, stopping);
        }
    }

    private void OnSubscribed()
    {
        _pauses.Succeeded();
        status.Subscribed();
    }

    private void NotReady(string reason)
    {
        status.Unsubscribed(reason);
        LogNotReady(queue.Name, reason);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} cannot be consumed yet: {Reason}")]
    private partial void LogNotReady(string queue, string reason);
}
