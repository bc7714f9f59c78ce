using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>Handles deliveries one transaction after another, in the order in which they came: as many at once as are there,
/// and one by one what failed together.</summary>
internal sealed partial class Lane(
    QueueDefinition queue, UnitOfWork unit, MessageRun alone, FailureClassifier classifier, BatchSize batchSize, ILogger<Lane> logger)
{
    public async Task RunAsync(ChannelReader<Delivery> waiting, Action<Delivery> settle, CancellationToken stopping, CancellationToken abandon)
    {
        var batch = new List<Delivery>();
        while (!stopping.IsCancellationRequested && await HasMoreAsync(waiting, stopping))
        {
            Fill(batch, waiting);
            if (!await TryTogetherAsync(batch, settle, stopping, abandon))
            {
                await OneByOneAsync(batch, settle, stopping, abandon);
            }

            batch.Clear();
        }
    }

    private static async Task<bool> HasMoreAsync(ChannelReader<Delivery> waiting, CancellationToken stopping)
    {
        try
        {
            return await waiting.WaitToReadAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>A delivery with a defect has no transaction, and so ends a batch or is one by itself.</summary>
    private void Fill(List<Delivery> batch, ChannelReader<Delivery> waiting)
    {
        var size = batchSize.Current;
        while (batch.Count < size && waiting.TryPeek(out var next) && (batch.Count == 0 || next.Defect is null))
        {
            waiting.TryRead(out _);
            batch.Add(next);
            if (next.Defect is not null)
            {
                return;
            }
        }
    }

    /// <returns>False when everything was rolled back, or there is only one.</returns>
    private async Task<bool> TryTogetherAsync(List<Delivery> batch, Action<Delivery> settle, CancellationToken stopping, CancellationToken abandon)
    {
        if (batch.Count == 1)
        {
            return false;
        }

        var started = Stopwatch.GetTimestamp();
        var outcome = await unit.RunAsync(batch, abandon);
        if (outcome.Failure is { } failure)
        {
            LogRolledBack(failure.Exception, queue.Name, batch.Count);
            if (classifier.Classify(failure) == FailureKind.Contention)
            {
                batchSize.Contended();
            }

            return false;
        }

        batchSize.Committed(batch.Count, Stopwatch.GetElapsedTime(started));
        outcome.Handled.Concat(outcome.Duplicates).ToList().ForEach(settle);
        try
        {
            await alone.CountAsync(outcome, stopping);
            outcome.Impostors.ToList().ForEach(settle);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // What could not be buried stays unacked and comes again.
        }

        return true;
    }

    private async Task OneByOneAsync(List<Delivery> batch, Action<Delivery> settle, CancellationToken stopping, CancellationToken abandon)
    {
        foreach (var delivery in batch)
        {
            var started = Stopwatch.GetTimestamp();
            if (stopping.IsCancellationRequested || !await alone.RunAsync(delivery, stopping, abandon))
            {
                return;
            }

            settle(delivery);
            if (batch.Count == 1)
            {
                batchSize.Committed(1, Stopwatch.GetElapsedTime(started));
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Queue {Queue}: a batch of {Messages} was rolled back; its messages are handled one by one")]
    private partial void LogRolledBack(Exception exception, string queue, int messages);
}
