namespace Inbox;

/// <summary>The time that handlers have, one after another. What waits for it waits on tokens that no handler can reach: a callback that
/// a handler has registered may throw or block, and would take the timer's thread, or whoever is told after it, along.</summary>
internal sealed class HandlerDeadline : IDisposable
{
    private readonly TimeSpan _each;
    private readonly CancellationTokenSource _time;
    private readonly CancellationTokenSource _passed;

    // Never disposed of: its callbacks may run for longer than anybody waits for them.
    private readonly CancellationTokenSource _handlers = new();

    /// <param name="each">How long each handler has.</param>
    /// <param name="clock">Measures it.</param>
    /// <param name="abandon">Ends the time of all of them.</param>
    public HandlerDeadline(TimeSpan each, TimeProvider clock, CancellationToken abandon)
    {
        _each = each;
        _time = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        _passed = CancellationTokenSource.CreateLinkedTokenSource(_time.Token, abandon);
        Passed = _passed.Token;
    }

    /// <summary>Cancelled when a handler's time is over. Not for handlers.</summary>
    public CancellationToken Passed { get; }

    /// <summary>The handlers' own, cancelled by <see cref="Cancel"/>.</summary>
    public CancellationToken Token => _handlers.Token;

    /// <summary>The next handler begins, and has the whole of its time.</summary>
    /// <exception cref="OperationCanceledException">The time was over before: it must not begin, or it would be blamed.</exception>
    public void Restart()
    {
        // In this order: the time of the last one could otherwise end between the two.
        _time.CancelAfter(_each);
        Passed.ThrowIfCancellationRequested();
    }

    /// <summary>Cancels the handlers' token on a thread that nobody waits for. What their callbacks throw concerns nobody.</summary>
    public void Cancel() =>
        _ = _handlers.CancelAsync().ContinueWith(callbacks => _ = callbacks.Exception, TaskScheduler.Default);

    public void Dispose()
    {
        _passed.Dispose();
        _time.Dispose();
    }
}
