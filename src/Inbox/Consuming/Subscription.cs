using System.Threading.Channels;
using Messaging;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>One subscription on one channel, from subscribing until it is of no use any more. Whatever it has not settled by
/// then, the broker delivers again.</summary>
internal sealed partial class Subscription(
    QueueDefinition queue,
    Lane lane,
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

    private readonly Lock _ending = new();
    private readonly TaskCompletionSource<SubscriptionEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<Delivery>[] _waiting =
        [.. Enumerable.Range(0, queue.Lanes ?? options.Lanes).Select(_ => Channel.CreateUnbounded<Delivery>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }))];

    // A message that kills the process takes its whole prefetch down with it, and the broker counts that as a delivery of
    // each: its neighbours would reach the delivery limit too. From this count on messages are taken one by one. That costs
    // an ordered queue its order: what a dead consumer held goes to the end of what the queue has been given back, so only a
    // consumer that holds all of that may die without turning it round. There it is put off as long as the limit allows:
    // from half of it on, the killer is counted twice for each death, in hand and alone, and its neighbours once.
    private readonly int _suspectCount = queue.Ordered ? options.DeliveryLimit / 2 : UnorderedSuspectCount;

    // Brokers from 4.3 on take back what has waited for its ack for too long, and that alone: what the consumer still holds would be
    // overtaken (https://github.com/rabbitmq/rabbitmq-server/blob/main/consumer_timeouts.md). A day is longer than a database is left away.
    // Earlier ones close the channel, and have only their own setting.
    private readonly Dictionary<string, object?>? _arguments =
        queue.Ordered ? new() { ["x-consumer-timeout"] = (long)TimeSpan.FromDays(1).TotalMilliseconds } : null;

    private volatile bool _looked;
    private bool _cut;
    private long _received;
    private long _settled;
    private long _receivedAtLastLook;
    private Delivery? _passed;

    /// <summary>Whether a message has arrived that could be taken off the wire, or none for long enough.</summary>
    public bool HasLasted => _looked || Interlocked.Read(ref _received) > 0;

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
        var lanes = _waiting.Select(waiting => Task.Run(
            () => RunLaneAsync(waiting.Reader, deliveries => Settle(deliveries, acks, narrow), taking.Token, abandon.Token), CancellationToken.None)).ToList();
        try
        {
            var listener = new DeliveryListener(channel, reader, count => Wants(count, narrow), Take, Lose);
            await channel.BasicQosAsync(prefetchSize: 0, (ushort)prefetch, global: false, stopping);
            asked = true;
            var tag = await channel.BasicConsumeAsync(queue.Name, autoAck: false, "", _arguments, listener, stopping);
            TellUnlessEnded(onSubscribed);

            await using var stopped = stopping.Register(() => TryEnd(SubscriptionEnd.Stopped));
            _ = WatchAsync(connection, taking.Token);
            var end = await _end.Task;
            if (_passed is { } passed)
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
            await EndAsync(lanes);
            acks.Complete();
            await acking;
            await ChannelEnd.CloseAsync(channel, ClosePatience, clock);
        }
    }

    /// <summary>A lane that hangs is left alone, or nobody would consume the queue any more. What it still commits has its inbox rows, and
    /// so is not done again.</summary>
    private async Task EndAsync(IEnumerable<Task> lanes)
    {
        var patience = timings.Drain + timings.Grace + ClosePatience;
        try
        {
            await Task.WhenAll(lanes).WaitAsync(patience, clock);
        }
        catch (TimeoutException)
        {
            LogLanesLeft(queue.Name, patience);
        }
    }

    private async Task RunLaneAsync(ChannelReader<Delivery> waiting, Action<IReadOnlyList<Delivery>> settle, CancellationToken stopping, CancellationToken abandon)
    {
        try
        {
            await lane.RunAsync(waiting, settle, Fail, stopping, abandon);
        }
        catch (Exception exception)
        {
            Fail(exception);
        }

        // Without its lane a message would wait for ever: all of them begin anew.
        void Fail(Exception exception) => Lose($"a lane has failed: {Causes.Told(exception)}");
    }

    /// <summary>Whether what arrives is to be handled: that may be what kills the process.</summary>
    private bool Wants(long count, bool narrow)
    {
        Interlocked.Increment(ref _received);
        if (_end.Task.IsCompleted)
        {
            // Whatever still comes goes back with what was left out before it, or it would overtake that.
            return false;
        }

        if (!narrow && count >= _suspectCount)
        {
            LogSuspect(queue.Name, count);
            TryEnd(SubscriptionEnd.Narrow);
            return false;
        }

        return true;
    }

    private void Take(Delivery delivery) => _waiting[(uint)delivery.LaneHash % _waiting.Length].Writer.TryWrite(delivery);

    private void Settle(IReadOnlyList<Delivery> deliveries, AckSender acks, bool narrow)
    {
        Interlocked.Add(ref _settled, deliveries.Count);
        if (narrow && deliveries is [var single] && single.DeliveryCount < _suspectCount && TryEnd(SubscriptionEnd.Widen, passed: single))
        {
            return;
        }

        acks.Settle(deliveries);
    }

    private void Lose(string reason)
    {
        if (TryEnd(SubscriptionEnd.Lost, reason))
        {
            LogLost(queue.Name, reason);
        }
    }

    /// <summary>The end may come together with the broker's answer, and whoever is told of both must not be told of the end first.</summary>
    private void TellUnlessEnded(Action onSubscribed)
    {
        using var locked = _ending.EnterScope();
        if (!_end.Task.IsCompleted)
        {
            onSubscribed();
        }
    }

    /// <param name="end">Why.</param>
    /// <param name="lost">The reason, where it is lost.</param>
    /// <param name="passed">To be acked before the channel is closed, and by nobody else then.</param>
    /// <returns>False if it has ended before.</returns>
    private bool TryEnd(SubscriptionEnd end, string? lost = null, Delivery? passed = null)
    {
        using var locked = _ending.EnterScope();
        if (_end.Task.IsCompleted)
        {
            return false;
        }

        if (lost is not null)
        {
            // Before anybody knows of the end: the next subscription says that it consumes, and must have the last word.
            status.Unsubscribed(lost);
        }

        _passed = passed;
        return _end.TrySetResult(end);
    }

    private async Task WatchAsync(IConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            var silence = await new Watchdog(timings.Watch, clock).WatchAsync(connection, queue.Name, IsIdle, cancellationToken);
            if (!queue.Ordered || !silence.MayStandBy)
            {
                Lose(silence.Reason);
            }
            else if (TryEnd(SubscriptionEnd.Renew))
            {
                LogRenewed(queue.Name, silence.Reason);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The subscription has ended.
        }
    }

    private bool IsIdle()
    {
        _looked = true;
        var received = Interlocked.Read(ref _received);
        var isIdle = received == _receivedAtLastLook && received == Interlocked.Read(ref _settled);
        _receivedAtLastLook = received;
        return isIdle;
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
