using System.Threading.Channels;
using Messaging;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>One subscription on one channel, from subscribing until it is of no use any more. Whatever it has not settled by
/// then, the broker delivers again.</summary>
internal sealed partial class Subscription(
    QueueDefinition queue,
    LaneRun lanes,
    DeliveryReader reader,
    ConsumerStatus status,
    InboxOptions options,
    Timings timings,
    InboxMetrics metrics,
    TimeProvider clock,
    ILogger<Subscription> logger)
{
    private const int UnorderedSuspectCount = 3;

    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private readonly SubscriptionEnding _ending = new(status);
    private readonly Traffic _traffic = new();
    private readonly Channel<Delivery>[] _waiting =
        [.. Enumerable.Range(0, queue.Lanes ?? options.Lanes).Select(_ => Channel.CreateUnbounded<Delivery>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }))];

    // From this count of deliveries on messages are taken one by one. A message that kills the process takes down with it all that was
    // delivered ahead, and the broker counts a delivery for each of them: its neighbours would reach the delivery limit too.
    //
    // Taken one by one, an ordered queue may lose its order: the broker puts what a dead consumer held behind what others have given
    // back before, so only one that holds all of it may die without harm. There it is put off to half of the limit, and no longer: from
    // then on each death counts twice for the killer, in hand and alone, and once for its neighbours, so that it alone gets to the limit.
    private readonly int _suspectCount = queue.Ordered ? options.DeliveryLimit / 2 : UnorderedSuspectCount;

    // Brokers from 4.3 on take back what has waited for its ack for too long, and that alone: what the consumer still holds would be
    // overtaken (https://github.com/rabbitmq/rabbitmq-server/blob/main/consumer_timeouts.md). A day is longer than a database is left away.
    // Earlier ones close the channel, and have only their own setting.
    private readonly Dictionary<string, object?>? _arguments =
        queue.Ordered ? new() { ["x-consumer-timeout"] = (long)TimeSpan.FromDays(1).TotalMilliseconds } : null;

    private bool _cut;

    /// <summary>Whether a message has arrived that could be taken off the wire, or none for long enough.</summary>
    public bool HasLasted => _traffic.HasLasted;

    /// <summary>Whether the connection has ended before that, and not by a word of the broker's.</summary>
    public bool WasCutUnread => _cut && !HasLasted;

    /// <summary>Runs once.</summary>
    /// <param name="connection">The subscription's connection; the channel is its own.</param>
    /// <param name="narrow">One message at a time, until one has passed that is not suspected of killing the process.</param>
    /// <param name="onSubscribed">Called when the broker has accepted the subscription, unless it has ended by then.</param>
    /// <param name="stopping">Ends it: nothing more is begun, and what is running may end.</param>
    public async Task<SubscriptionEnd> RunAsync(IConnection connection, bool narrow, Action onSubscribed, CancellationToken stopping)
    {
        var channel = await connection.CreateChannelAsync(cancellationToken: stopping);
        var prefetch = narrow ? 1 : Math.Max(options.Prefetch, queue.BatchSize ?? 1);
        var acks = new AckSender(channel, queue, prefetch, metrics, logger);
        var acking = acks.RunAsync();
        var asked = false;
        using var abandon = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        using var taking = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        // Without its lane a message would wait for ever: where one fails, all of them begin anew.
        var running = _waiting.Select(waiting => Task.Run(
            () => lanes.RunAsync(
                waiting.Reader, deliveries => Settle(deliveries, acks, narrow), failure => Lose($"a lane has failed: {Causes.Told(failure)}"),
                taking.Token, abandon.Token),
            CancellationToken.None)).ToList();
        try
        {
            var listener = new DeliveryListener(channel, reader, count => Wants(count, narrow), Take, Lose);
            await channel.BasicQosAsync(prefetchSize: 0, (ushort)prefetch, global: false, stopping);
            asked = true;
            var tag = await channel.BasicConsumeAsync(queue.Name, autoAck: false, "", _arguments, listener, stopping);
            _ending.UnlessEnded(onSubscribed);

            await using var stopped = stopping.Register(() => _ending.TryEnd(SubscriptionEnd.Stopped));
            _ = WatchAsync(connection, taking.Token);
            var end = await _ending.Ended;
            if (_ending.Passed is { } passed)
            {
                // Before its ack: after it the broker would deliver the next one, only to have it come back.
                await channel.BasicCancelAsync(tag, cancellationToken: CancellationToken.None);
                acks.Settle([passed]);
            }

            return end;
        }
        finally
        {
            // A message may come together with the broker's answer to the subscription, which is then not read either.
            _cut = asked && connection.CloseReason is { Initiator: ShutdownInitiator.Library };
            await taking.CancelAsync();
            abandon.CancelAfter(timings.Drain);
            await EndAsync(running);
            acks.Complete();
            await acking;
            await ChannelEnd.CloseAsync(channel, ClosePatience, clock);
        }
    }

    /// <summary>A lane that hangs is left alone, or nobody would consume the queue any more. What it still commits has its inbox rows, and
    /// so is not done again.</summary>
    private async Task EndAsync(IEnumerable<Task> running)
    {
        var patience = timings.Drain + timings.Grace + ClosePatience;
        try
        {
            await Task.WhenAll(running).WaitAsync(patience, clock);
        }
        catch (TimeoutException)
        {
            LogLanesLeft(queue.Name, patience);
        }
    }

    /// <summary>Whether what arrives is to be handled: that may be what kills the process.</summary>
    private bool Wants(long count, bool narrow)
    {
        _traffic.Received();
        if (_ending.Ended.IsCompleted)
        {
            // Whatever still comes goes back with what was left out before it, or it would overtake that.
            return false;
        }

        if (!narrow && count >= _suspectCount)
        {
            LogSuspect(queue.Name, count);
            _ending.TryEnd(SubscriptionEnd.Narrow);
            return false;
        }

        return true;
    }

    private void Take(Delivery delivery) => _waiting[(uint)delivery.LaneHash % _waiting.Length].Writer.TryWrite(delivery);

    private void Settle(IReadOnlyList<Delivery> deliveries, AckSender acks, bool narrow)
    {
        _traffic.Settled(deliveries.Count);
        if (!narrow || deliveries is not [var single] || single.DeliveryCount >= _suspectCount || !_ending.TryWiden(single))
        {
            acks.Settle(deliveries);
        }
    }

    private void Lose(string reason)
    {
        if (_ending.TryLose(reason))
        {
            LogLost(queue.Name, reason);
        }
    }

    private async Task WatchAsync(IConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            var silence = await new Watchdog(timings.Watch, clock).WatchAsync(connection, queue.Name, _traffic.IsIdle, cancellationToken);
            if (!queue.Ordered || !silence.MayStandBy)
            {
                Lose(silence.Reason);
            }
            else if (_ending.TryEnd(SubscriptionEnd.Renew))
            {
                LogRenewed(queue.Name, silence.Reason);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The subscription has ended, perhaps with its connection: then what was asked of the broker fails in its own way.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: a message has been delivered {Count} times without being settled; messages are taken one by one until it has passed")]
    private partial void LogSuspect(string queue, long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: what was being handled when its subscription ended has not ended within {Patience}, and is left alone")]
    private partial void LogLanesLeft(string queue, TimeSpan patience);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Queue {Queue}: {Reason}; another consumer may be busy, and this one subscribes again")]
    private partial void LogRenewed(string queue, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue}: the subscription is lost ({Reason}); subscribing again")]
    private partial void LogLost(string queue, string reason);
}
