namespace Inbox;

/// <summary>What the consumer of one queue can say about itself, for readiness.</summary>
internal sealed class ConsumerStatus(string queue)
{
    private readonly Lock _lock = new();
    private readonly List<string> _pauses = [];
    private string? _unsubscribed = "it has not subscribed yet";

    public string Queue { get; } = queue;

    /// <summary>Null while it consumes or stands by.</summary>
    public string? WhyNotReady
    {
        get
        {
            lock (_lock)
            {
                return _unsubscribed ?? (_pauses.Count > 0 ? $"paused: {_pauses[^1]}" : null);
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

    /// <summary>The consumer is paused until the result is disposed of.</summary>
    public IDisposable Pause(string reason)
    {
        lock (_lock)
        {
            _pauses.Add(reason);
        }

        return new Paused(this, reason);
    }

    private sealed class Paused(ConsumerStatus status, string reason) : IDisposable
    {
        public void Dispose()
        {
            lock (status._lock)
            {
                status._pauses.Remove(reason);
            }
        }
    }
}
