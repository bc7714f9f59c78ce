using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>Handles deliveries one transaction after another, in the order in which they came: as many at once as are there.
/// What fails together is narrowed down to the one that fails, which is then handled, and charged, alone.</summary>
internal sealed partial class Lane(
    QueueDefinition queue, UnitOfWork unit, MessageRun alone, FailureClassifier classifier, BatchSize batchSize, TimeProvider clock,
    ILogger<Lane> logger)
{
    public async Task RunAsync(ChannelReader<Delivery> waiting, Action<IReadOnlyList<Delivery>> settle, CancellationToken stopping, CancellationToken abandon)
    {
        var turn = new Turn(settle, stopping, abandon);
        var batch = new List<Delivery>();
        while (!stopping.IsCancellationRequested && await HasMoreAsync(waiting, stopping))
        {
            Fill(batch, waiting);
            await (batch.Count == 1 ? SingleAsync(batch[0], turn) : SettleAsync(batch, turn));
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

    private async Task SingleAsync(Delivery delivery, Turn turn)
    {
        var started = clock.GetTimestamp();
        if (await OneByOneAsync([delivery], turn))
        {
            batchSize.Committed(1, clock.GetElapsedTime(started));
        }
    }

    /// <returns>False when the consumer stops: what has not been settled stays unacked.</returns>
    private async Task<bool> SettleAsync(IReadOnlyList<Delivery> batch, Turn turn)
    {
        if (batch.Count <= 1)
        {
            return await OneByOneAsync(batch, turn);
        }

        if (await TryTogetherAsync(batch, turn) is not { } failure)
        {
            return true;
        }

        var isContention = classifier.Classify(failure) == FailureKind.Contention;
        if (isContention)
        {
            batchSize.Contended();
        }

        if (isContention || failure.InHand.Count == batch.Count)
        {
            return await OneByOneAsync(batch, turn);
        }

        // The neighbours keep the rate of a batch: with one failure in a hundred messages all would be handled one by one.
        var (before, suspects, after) = Split(batch, failure.InHand);
        return await SettleAsync(before, turn) && await SuspectsAsync(suspects, failure, turn) && await SettleAsync(after, turn);
    }

    /// <summary>The handler that has ended the transaction is known if it is one. What it did afterwards is committed: it is not run
    /// again.</summary>
    private async Task<bool> SuspectsAsync(IReadOnlyList<Delivery> suspects, UnitFailure failure, Turn turn)
    {
        if (suspects.Count > 1 || failure.Exception is not HandlerEndedTransactionException)
        {
            return await OneByOneAsync(suspects, turn);
        }

        if (turn.Abandon.IsCancellationRequested || !await alone.GiveUpAsync(suspects[0], failure.Exception, turn.Stopping, turn.Abandon))
        {
            return false;
        }

        turn.Settle(suspects);
        return true;
    }

    private static (IReadOnlyList<Delivery> Before, IReadOnlyList<Delivery> Suspects, IReadOnlyList<Delivery> After) Split(
        IReadOnlyList<Delivery> batch, IReadOnlyList<Delivery> inHand)
    {
        var all = batch.ToList();
        var (start, end) = (all.IndexOf(inHand[0]), all.IndexOf(inHand[^1]) + 1);
        return (all[..start], all[start..end], all[end..]);
    }

    /// <returns>Why everything was rolled back; null if it was not.</returns>
    private async Task<UnitFailure?> TryTogetherAsync(IReadOnlyList<Delivery> batch, Turn turn)
    {
        var started = clock.GetTimestamp();
        var outcome = await unit.RunAsync(batch, turn.Abandon);
        if (outcome.Failure is { } failure)
        {
            batchSize.Failed(batch.Count, clock.GetElapsedTime(started));
            LogRolledBack(failure.Exception, queue.Name, batch.Count, failure.InHand.Count);
            return failure;
        }

        batchSize.Committed(batch.Count, clock.GetElapsedTime(started));
        turn.Settle([.. outcome.Handled, .. outcome.Duplicates]);
        try
        {
            await alone.ConcludeAsync(outcome, turn.Stopping, turn.Abandon);
            turn.Settle(outcome.Impostors);
        }
        catch (OperationCanceledException) when (turn.Stopping.IsCancellationRequested)
        {
            // What could not be buried stays unacked and comes again.
        }

        return null;
    }

    /// <returns>False when the consumer stops.</returns>
    private async Task<bool> OneByOneAsync(IReadOnlyList<Delivery> batch, Turn turn)
    {
        foreach (var delivery in batch)
        {
            if (turn.Stopping.IsCancellationRequested || !await alone.RunAsync(delivery, turn.Stopping, turn.Abandon))
            {
                return false;
            }

            turn.Settle([delivery]);
        }

        return true;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Queue {Queue}: a batch of {Messages} was rolled back; {Suspects} of them are handled one by one")]
    private partial void LogRolledBack(Exception exception, string queue, int messages, int suspects);

    /// <param name="Settle">Called with deliveries that may be acked.</param>
    /// <param name="Stopping">Ends waits and further tries.</param>
    /// <param name="Abandon">Ends what is running.</param>
    private sealed record Turn(Action<IReadOnlyList<Delivery>> Settle, CancellationToken Stopping, CancellationToken Abandon);
}
