namespace Inbox;

/// <summary>Decides how a subscription ends: of all that may end it, the first one does.</summary>
internal sealed class SubscriptionEnding(ConsumerStatus status)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<SubscriptionEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when it has ended.</summary>
    public Task<SubscriptionEnd> Ended => _end.Task;

    /// <summary>What <see cref="TryWiden"/> was given: to be acked before the channel is closed, and by nobody else then.</summary>
    public Delivery? Passed { get; private set; }

    /// <summary>Calls <paramref name="tell"/>, but not after the end: whoever is told of both must not be told of the end first.</summary>
    public void UnlessEnded(Action tell)
    {
        using var locked = _lock.EnterScope();
        if (!_end.Task.IsCompleted)
        {
            tell();
        }
    }

    /// <returns>False if it has ended before.</returns>
    public bool TryEnd(SubscriptionEnd end) => TryEnd(end, () => { });

    /// <summary>The subscription is of no use any more, for this reason.</summary>
    /// <returns>False if it has ended before.</returns>
    // Told before anybody knows of the end: the next subscription says that it consumes, and must have the last word.
    public bool TryLose(string reason) => TryEnd(SubscriptionEnd.Lost, () => status.Unsubscribed(reason));

    /// <summary>This one has done no harm.</summary>
    /// <returns>False if it has ended before; the delivery is acked as usual then.</returns>
    public bool TryWiden(Delivery passed) => TryEnd(SubscriptionEnd.Widen, () => Passed = passed);

    private bool TryEnd(SubscriptionEnd end, Action first)
    {
        using var locked = _lock.EnterScope();
        if (_end.Task.IsCompleted)
        {
            return false;
        }

        first();
        return _end.TrySetResult(end);
    }
}
