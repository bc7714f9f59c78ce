namespace Inbox;

/// <summary>What the consumer of one queue can say about itself, for readiness.</summary>
internal sealed class ConsumerStatus(string queue)
{
    private readonly Lock _lock = new();
    private readonly List<string> _holds = [];
    private string? _unsubscribed = "it has not subscribed yet";
    private int _runningOn;

    public string Queue { get; } = queue;

    /// <summary>Null while it consumes or stands by.</summary>
    public string? WhyNotReady
    {
        get
        {
            using var locked = _lock.EnterScope();
            return _unsubscribed ?? (_holds.Count > 0 ? _holds[^1] : null);
        }
    }

    /// <summary>How many handlers run on though their time is over. Each keeps its scope, and most a thread; the work of others goes on.</summary>
    public int RunningOn => Volatile.Read(ref _runningOn);

    public void Subscribed()
    {
        using var locked = _lock.EnterScope();
        _unsubscribed = null;
    }

    public void Unsubscribed(string reason)
    {
        using var locked = _lock.EnterScope();
        _unsubscribed = reason;
    }

    /// <summary>Something that it has been given cannot go on, for this reason, until the result is disposed of.</summary>
    public IDisposable Hold(string reason)
    {
        using var locked = _lock.EnterScope();
        _holds.Add(reason);
        return new Held(this, reason);
    }

    /// <summary>Counts as <see cref="RunningOn"/> until <paramref name="handler"/> has completed.</summary>
    public void RunsOn(Task handler)
    {
        Interlocked.Increment(ref _runningOn);
        handler.ContinueWith(_ => Interlocked.Decrement(ref _runningOn), TaskScheduler.Default);
    }

    private sealed class Held(ConsumerStatus status, string reason) : IDisposable
    {
        public void Dispose()
        {
            using var locked = status._lock.EnterScope();
            status._holds.Remove(reason);
        }
    }
}
