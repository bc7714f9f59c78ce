using Messaging;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>Puts copies of deliveries into retry and dead-letter queues, on connections of its own.</summary>
internal sealed partial class CopyPublisher(
    BrokerConnector connector, TopologyDeclarer declarer, TimeProvider clock, ILogger<CopyPublisher> logger) : IAsyncDisposable
{
    // In an alarm the broker confirms nothing, and says so only after it has been sent something.
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(1);

    private readonly CopyConnection _together = new(connector, "retries", clock);

    // The broker does not say over which of the copies on their way it has ended a channel: each is tried again by itself.
    private readonly CopyConnection _apart = new(connector, "retries one by one", clock);
    private readonly SemaphoreSlim _alone = new(1, 1);

    private readonly Lock _lock = new();
    private Task _declaring = Task.CompletedTask;

    // What is as long will hardly be taken either, and must not take others along again.
    private volatile int _shortestRefused = int.MaxValue;

    /// <summary>Completes when the broker has confirmed the copy, and tries until it has: only then may the original be acked.
    /// A copy whose confirm got lost is published again; the inbox drops the second one.</summary>
    /// <param name="status">Says why, while the broker does not take it.</param>
    /// <param name="copy">What to publish.</param>
    /// <param name="stopping">Ends waits and further tries. A copy that is on its way may arrive, or each shutdown would double some.</param>
    /// <param name="abandon">Ends that too.</param>
    /// <exception cref="OperationCanceledException">It was cancelled first; the copy may have been published.</exception>
    /// <exception cref="CopyTooLongException">Its properties are longer than the broker allows.</exception>
    /// <exception cref="CopyRefusedException">The broker will never take it.</exception>
    public async Task PublishAsync(ConsumerStatus status, Copy copy, CancellationToken stopping, CancellationToken abandon)
    {
        copy.IsSuspect = copy.Body.Length >= _shortestRefused;
        if (await TryPublishWatchedAsync(status, copy, stopping, abandon) is not { } refusal)
        {
            return;
        }

        LogRefused(copy.Queue, refusal);
        var pauses = new Reconnect(clock);
        using var held = status.Hold(refusal);
        do
        {
            await pauses.WaitAsync(stopping);
            refusal = await TryPublishWatchedAsync(status, copy, stopping, abandon);
        }
        while (refusal is not null);
    }

    public async ValueTask DisposeAsync()
    {
        await _together.DisposeAsync();
        await _apart.DisposeAsync();
        _alone.Dispose();
    }

    /// <summary>Tries once, and tells the status while that takes long.</summary>
    /// <returns>Null when it is confirmed, else why not.</returns>
    private async Task<string?> TryPublishWatchedAsync(ConsumerStatus status, Copy copy, CancellationToken stopping, CancellationToken abandon)
    {
        var publish = TryPublishAsync(copy, stopping, abandon);
        try
        {
            return await publish.WaitAsync(Prompt, clock, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            using var held = status.Hold("the broker does not confirm a copy for a retry or of a dead letter.");
            return await publish;
        }
    }

    private async Task<string?> TryPublishAsync(Copy copy, CancellationToken stopping, CancellationToken abandon)
    {
        try
        {
            return await (copy.IsSuspect ? TryAloneAsync(copy, stopping, abandon) : TryTogetherAsync(copy, stopping, abandon));
        }
        catch (Exception exception) when (exception is not (CopyTooLongException or CopyRefusedException) && !stopping.IsCancellationRequested)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }

    private async Task<string?> TryTogetherAsync(Copy copy, CancellationToken stopping, CancellationToken abandon)
    {
        var publisher = await _together.OpenAsync(stopping);
        var refusal = await TryOnAsync(publisher, copy, stopping, abandon);
        copy.IsSuspect = refusal is not null && HasFailedOverAMessage(publisher);
        return refusal;
    }

    private async Task<string?> TryAloneAsync(Copy copy, CancellationToken stopping, CancellationToken abandon)
    {
        await _alone.WaitAsync(stopping);
        try
        {
            var publisher = await _apart.OpenAsync(stopping);
            // One that is given up may still be on its way, and the next would not be alone with it.
            using var left = abandon.Register(publisher.Abandon);
            var refusal = await TryOnAsync(publisher, copy, stopping, abandon);
            if (refusal is not null && HasFailedOverAMessage(publisher))
            {
                _shortestRefused = Math.Min(_shortestRefused, copy.Body.Length);
                throw new CopyRefusedException(refusal);
            }

            if (refusal is null && copy.Body.Length >= _shortestRefused)
            {
                _shortestRefused = int.MaxValue;
            }

            return refusal;
        }
        finally
        {
            _alone.Release();
        }
    }

    private async Task<string?> TryOnAsync(ConfirmedPublisher publisher, Copy copy, CancellationToken stopping, CancellationToken abandon)
    {
        if (publisher.IsBlocked)
        {
            return "The broker has asked publishers to pause.";
        }

        if (!WritableProperties.FitInto(publisher.MaxFrameBytes, copy.Properties))
        {
            throw new CopyTooLongException();
        }

        var outcome = await PublishAsync(publisher, copy).WaitAsync(abandon);
        if (outcome.Unroutable)
        {
            // Somebody has deleted the queue.
            await DeclareAsync().WaitAsync(stopping);
            outcome = await PublishAsync(publisher, copy).WaitAsync(abandon);
        }

        return outcome.Result == PublishResult.Confirmed ? null : outcome.Reason;
    }

    private static async Task<PublishOutcome> PublishAsync(ConfirmedPublisher publisher, Copy copy)
    {
        WireHeaders.TryText(copy.Properties.Headers, MessageHeaders.TraceParent, out var traceParent);
        WireHeaders.TryText(copy.Properties.Headers, MessageHeaders.TraceState, out var traceState);
        using var activity = PublishActivity.Start("inbox copy", traceParent, traceState);
        return await publisher.PublishAsync("", copy.Queue, copy.PropertiesToPublish(), copy.Body);
    }

    private static bool HasFailedOverAMessage(ConfirmedPublisher publisher) =>
        publisher.ServerClose?.ReplyCode == Constants.PreconditionFailed;

    /// <summary>Once for all copies that find at the same time that their queue is gone.</summary>
    private Task DeclareAsync()
    {
        using var locked = _lock.EnterScope();
        return _declaring.IsCompleted ? _declaring = DeclareOnceAsync() : _declaring;
    }

    private async Task DeclareOnceAsync()
    {
        await using var connection = await connector.ConnectAsync("declare", CancellationToken.None);
        await declarer.DeclareAsync(connection, CancellationToken.None);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message cannot be put into queue {Queue}: {Reason} It is kept unacked, and tried again")]
    private partial void LogRefused(string queue, string reason);
}
