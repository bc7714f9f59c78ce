namespace Inbox;

/// <summary>What follows when a unit of work of a queue has been committed.</summary>
internal sealed class UnitConclusion(QueueDefinition queue, BatchSize batchSize, CopyRun copies, InboxMetrics metrics)
{
    /// <summary>What the unit has settled is counted and may be acked, and what came under the id of another message becomes a dead letter.
    /// Completes when the next unit may begin.</summary>
    public async Task ConcludeAsync(UnitOutcome outcome, LaneTerm term)
    {
        IReadOnlyList<Delivery> settled = [.. outcome.Handled, .. outcome.Duplicates];
        term.Settle(settled);
        batchSize.Committed(settled.Count + outcome.Impostors.Count, outcome.Took);
        metrics.Handled(queue.Name, outcome.Handled.Count);
        metrics.DuplicatesSuppressed(queue.Name, outcome.Duplicates.Count);
        foreach (var impostor in outcome.Impostors)
        {
            await copies.DeadLetterAsync(
                impostor, failure: null, "Another message has been handled under this message_id: the bodies differ.", term);
        }
    }
}
