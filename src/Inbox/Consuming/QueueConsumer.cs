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
    FatalFault fatal,
    TimeProvider clock,
    ILogger<QueueConsumer> logger)
{
    // Below the smallest delivery limit: each time all that was sent ahead counts as delivered.
    private const int LossesBeforeNarrow = 3;

    private static readonly TimeSpan DatabasePatience = TimeSpan.FromSeconds(5);

    private readonly Reconnect _pauses = new(clock);

    // Both outlive the connection: what kills a consumer may kill that first.
    private bool _narrow;
    private int _lossesUnseen;

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(stopping);
                await _pauses.WaitAsync(stopping);
            }
            catch (Exception exception) when (exception is TopologyMismatchException or UnfitDatabaseException)
            {
                status.Unsubscribed(exception.Message);
                fatal.Stop(exception.Message);
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
        // Without the database, or its table, every delivery would only wait here, and lose a life with each lost connection; and of an
        // ordered queue no other consumer would be given any.
        if (await database.WhyNotAnsweringAsync(DatabasePatience, stopping) is { } silence)
        {
            NotReady(silence);
            return;
        }

        try
        {
            await using var connection = await connector.ConnectAsync($"consume {queue.Name}", stopping);
            await declarer.DeclareAsync(connection, stopping);
            await SubscribeAsync(connection.Client, stopping);
        }
        catch (Exception exception) when (exception is not TopologyMismatchException && !stopping.IsCancellationRequested)
        {
            NotReady($"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private async Task SubscribeAsync(IConnection connection, CancellationToken stopping)
    {
        SubscriptionEnd end;
        do
        {
            var subscription = newSubscription();
            try
            {
                end = await subscription.RunAsync(connection, _narrow, OnSubscribed, stopping);
            }
            finally
            {
                CountLoss(subscription, stopping);
            }

            if (end is SubscriptionEnd.Narrow or SubscriptionEnd.Widen)
            {
                _narrow = end == SubscriptionEnd.Narrow;
            }
        }
        while (end is SubscriptionEnd.Narrow or SubscriptionEnd.Widen or SubscriptionEnd.Renew);
    }

    /// <summary>A message that nobody can take off the wire, such as one that is too long, ends the connection before it is seen, and
    /// all those that were sent ahead with it lose a life.</summary>
    private void CountLoss(Subscription subscription, CancellationToken stopping)
    {
        if (subscription.WasCutUnread)
        {
            _lossesUnseen++;
        }
        else if (subscription.HasLasted)
        {
            _lossesUnseen = 0;
        }

        if (!_narrow && _lossesUnseen >= LossesBeforeNarrow && !stopping.IsCancellationRequested)
        {
            _narrow = true;
            LogNarrowed(queue.Name, _lossesUnseen);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: {Losses} subscriptions in a row were lost before a message could be read; messages are taken one by one until one has passed")]
    private partial void LogNarrowed(string queue, int losses);
}
