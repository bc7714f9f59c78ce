namespace Inbox;

/// <summary>What the consumer of one queue can say about itself, for readiness.</summary>
internal sealed class ConsumerStatus(string queue)
{
    private readonly Lock _lock = new();
    private readonly List<string> _holds = [];
    private string? _unsubscribed = "it has not subscribed yet";

    public string Queue { get; } = queue;

    /// <summary>Null while it consumes or stands by.</summary>
    public string? WhyNotReady
    {
        get
        {
            lock (_lock)
            {
                return _unsubscribed ?? (_holds.Count > 0 ? _holds[^1] : null);
            }
        }
    }

    public void Subscribed()
    {
        lock (_lock)
        {
            _unsubscribed = null;
        }
    }

    public void Unsubscribed(string reason)
    {
        lock (_lock)
        {
            _unsubscribed = reason;
        }
    }

    /// <summary>Something that it has been given cannot go on, for this reason, until the result is disposed of.</summary>
    public IDisposable Hold(string reason)
    {
        lock (_lock)
        {
            _holds.Add(reason);
        }

        return new Held(this, reason);
    }

    private sealed class Held(ConsumerStatus status, string reason) : IDisposable
    {
        public void Dispose()
        {
            lock (status._lock)
            {
                status._holds.Remove(reason);
            }
        }
    }
}
