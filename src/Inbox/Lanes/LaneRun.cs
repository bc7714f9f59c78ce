using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>Runs the lanes of a queue. Each handles its deliveries one transaction after another, in the order in which they came: as many at
/// once as are there. What fails together is narrowed down to the one that fails, which is then handled, and charged, alone.</summary>
internal sealed partial class LaneRun(
    QueueDefinition queue, UnitOfWork unit, UnitConclusion conclusion, MessageRun alone, FailureClassifier classifier, BatchSize batchSize,
    InboxOptions options, ILogger<LaneRun> logger)
{
    // All lanes together about a quarter of what is delivered ahead, and each one at least, beside the one at which it stops: half may
    // wait for its ack behind these, and the rest keeps coming in.
    private readonly int _mostCopies = Math.Max(1, options.Prefetch / 4 / (queue.Lanes ?? options.Lanes));

    /// <summary>Runs one lane until its subscription ends, or the lane fails. It never throws.</summary>
    /// <param name="waiting">What the broker has delivered to the lane.</param>
    /// <param name="settle">Called with deliveries that may be acked, on any thread.</param>
    /// <param name="onFailure">Called when a copy has failed for good, or the lane itself. It begins nothing more then, and ends when the
    /// other copies are through, which may take as long as the broker likes.</param>
    /// <param name="stopping">Nothing more is begun, and waits and further tries end.</param>
    /// <param name="abandon">Ends what is running.</param>
    public async Task RunAsync(
        ChannelReader<Delivery> waiting, Action<IReadOnlyList<Delivery>> settle, Action<Exception> onFailure,
        CancellationToken stopping, CancellationToken abandon)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var term = new LaneTerm(settle, new UnconfirmedCopies(_mostCopies, settle, Fail), ended.Token, abandon);
        try
        {
            var batch = new List<Delivery>();
            while (!term.Stopping.IsCancellationRequested && await waiting.WaitToReadAsync(term.Stopping))
            {
                Fill(batch, waiting);
                await HandleAsync(batch, term);
                batch.Clear();
            }
        }
        catch (OperationCanceledException) when (term.Stopping.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            // Before the copies: nobody would consume while they are on their way.
            Fail(exception);
        }

        await term.Copies.EndAsync();

        void Fail(Exception exception)
        {
            ended.Cancel();
            onFailure(exception);
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

    private async Task HandleAsync(IReadOnlyList<Delivery> batch, LaneTerm term)
    {
        if (batch.Count <= 1)
        {
            await OneByOneAsync(batch, term);
            return;
        }

        if (term.Stopping.IsCancellationRequested || await TryTogetherAsync(batch, term) is not { } failure)
        {
            return;
        }

        var isContention = classifier.Classify(failure) == FailureKind.Contention;
        if (isContention)
        {
            batchSize.Contended();
        }

        if (isContention || failure.InHand.Count == batch.Count)
        {
            await OneByOneAsync(batch, term);
            return;
        }

        // The neighbours keep the rate of a batch: with one failure in a hundred messages all would be handled one by one.
        var (before, suspects, after) = Split(batch, failure.InHand);
        await HandleAsync(before, term);
        await HandleSuspectsAsync(suspects, failure, term);
        await HandleAsync(after, term);
    }

    /// <summary>The handler that has ended the transaction is known if it is one. What it did afterwards is committed: it is not run
    /// again.</summary>
    private Task HandleSuspectsAsync(IReadOnlyList<Delivery> suspects, UnitFailure failure, LaneTerm term) =>
        suspects.Count == 1 && failure.Exception is HandlerEndedTransactionException && !term.Abandon.IsCancellationRequested
            ? alone.GiveUpAsync(suspects[0], failure.Exception, term)
            : OneByOneAsync(suspects, term);

    private static (IReadOnlyList<Delivery> Before, IReadOnlyList<Delivery> Suspects, IReadOnlyList<Delivery> After) Split(
        IReadOnlyList<Delivery> batch, IReadOnlyList<Delivery> inHand)
    {
        var all = batch.ToList();
        var (start, end) = (all.IndexOf(inHand[0]), all.IndexOf(inHand[^1]) + 1);
        return (all[..start], all[start..end], all[end..]);
    }

    /// <returns>Why everything was rolled back; null if it was not.</returns>
    private async Task<UnitFailure?> TryTogetherAsync(IReadOnlyList<Delivery> batch, LaneTerm term)
    {
        var outcome = await unit.RunAsync(batch, term.Abandon);
        if (outcome.Failure is { } failure)
        {
            batchSize.Failed(batch.Count, outcome.Took);
            LogRolledBack(failure.Exception, queue.Name, batch.Count, failure.InHand.Count);
            return failure;
        }

        await conclusion.ConcludeAsync(outcome, term);
        return null;
    }

    /// <summary>When the consumer stops, the rest stays unacked.</summary>
    private async Task OneByOneAsync(IReadOnlyList<Delivery> batch, LaneTerm term)
    {
        foreach (var delivery in batch)
        {
            if (term.Stopping.IsCancellationRequested)
            {
                return;
            }

            await alone.RunAsync(delivery, term);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Queue {Queue}: a batch of {Messages} was rolled back; {Suspects} of them are handled one by one")]
    private partial void LogRolledBack(Exception exception, string queue, int messages, int suspects);
}
