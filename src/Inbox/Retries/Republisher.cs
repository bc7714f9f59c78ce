using Messaging;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Inbox;

/// <summary>Puts copies of deliveries into retry and dead-letter queues, on a connection of its own.</summary>
internal sealed partial class Republisher(
    BrokerConnector connector, TopologyDeclarer declarer, TimeProvider clock, ILogger<Republisher> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    // In an alarm the broker confirms nothing, and says so only after it has been sent something.
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _opening = new(1, 1);
    private ConfirmedPublisher? _publisher;

    /// <summary>Completes when the broker has confirmed the copy, and tries until it has: only then may the original be acked.
    /// A copy whose confirm got lost is published again; the inbox drops the second one.</summary>
    /// <param name="status">Says why, while the broker does not take it.</param>
    /// <param name="queue">The copy's queue.</param>
    /// <param name="properties">Those of the copy.</param>
    /// <param name="body">Unchanged.</param>
    /// <param name="stopping">Ends waits and further tries. A copy that is on its way may arrive, or each shutdown would double some.</param>
    /// <param name="abandon">Ends that too.</param>
    /// <exception cref="OperationCanceledException">It was cancelled first; the copy may have been published.</exception>
    /// <exception cref="CopyTooLongException">Its properties are longer than the broker allows.</exception>
    public async Task PublishAsync(
        ConsumerStatus status, string queue, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken stopping, CancellationToken abandon)
    {
        if (await TryPublishWatchedAsync(status, queue, properties, body, stopping, abandon) is not { } refusal)
        {
            return;
        }

        LogRefused(queue, refusal);
        var pauses = new Reconnect(clock);
        using var held = status.Hold(refusal);
        do
        {
            await pauses.WaitAsync(stopping);
            refusal = await TryPublishWatchedAsync(status, queue, properties, body, stopping, abandon);
        }
        while (refusal is not null);
    }

    public async ValueTask DisposeAsync()
    {
        if (_publisher is not null)
        {
            await _publisher.DisposeAsync();
        }

        _opening.Dispose();
    }

    /// <summary>Tries once, and tells the status while that takes long.</summary>
    /// <returns>Null when it is confirmed, else why not.</returns>
    private async Task<string?> TryPublishWatchedAsync(
        ConsumerStatus status, string queue, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken stopping, CancellationToken abandon)
    {
        var publish = TryPublishAsync(queue, properties, body, stopping, abandon);
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

    private async Task<string?> TryPublishAsync(
        string queue, BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken stopping, CancellationToken abandon)
    {
        try
        {
            var publisher = await OpenAsync(stopping);
            if (publisher.IsBlocked)
            {
                return "The broker has asked publishers to pause.";
            }

            if (!WritableProperties.FitInto(publisher.MaxFrameBytes, properties))
            {
                throw new CopyTooLongException();
            }

            var outcome = await publisher.PublishAsync("", queue, properties, body).WaitAsync(abandon);
            if (outcome.Unroutable)
            {
                // Somebody has deleted the queue.
                await DeclareAsync(stopping);
                outcome = await publisher.PublishAsync("", queue, properties, body).WaitAsync(abandon);
            }

            return outcome.Result == PublishResult.Confirmed ? null : outcome.Reason ?? outcome.Result.ToString();
        }
        catch (Exception exception) when (exception is not CopyTooLongException && !stopping.IsCancellationRequested)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }

    private async Task<ConfirmedPublisher> OpenAsync(CancellationToken cancellationToken)
    {
        if (_publisher is { Broken.IsCancellationRequested: false } open)
        {
            return open;
        }

        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_publisher is { Broken.IsCancellationRequested: false } opened)
            {
                return opened;
            }

            if (_publisher is not null)
            {
                await _publisher.DisposeAsync();
            }

            var connection = await connector.ConnectAsync("retries", cancellationToken);
            return _publisher = await ConfirmedPublisher.OpenAsync(connection, channels: 1, Deadline, clock, cancellationToken);
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task DeclareAsync(CancellationToken cancellationToken)
    {
        await using var connection = await connector.ConnectAsync("declare", cancellationToken);
        await declarer.DeclareAsync(connection, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message cannot be put into queue {Queue}: {Reason} It is kept unacked, and tried again")]
    private partial void LogRefused(string queue, string reason);
}
