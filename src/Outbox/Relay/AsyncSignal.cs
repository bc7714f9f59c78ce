using System.Threading.Channels;

namespace Outbox.Relay;

/// <summary>Wakes one waiter. Set while nobody waits, it wakes the next at once; set twice, it wakes once.</summary>
internal sealed class AsyncSignal
{
    private readonly Channel<bool> _set = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private int _isSet;

    // Most calls find it set: they cost one exchange, and no lock.
    public void Set()
    {
        if (Interlocked.Exchange(ref _isSet, 1) == 0)
        {
            _set.Writer.TryWrite(true);
        }
    }

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await _set.Reader.ReadAsync(cancellationToken);
        // Whoever finds it still set before this has changed what the waiter looks at next.
        Interlocked.Exchange(ref _isSet, 0);
    }
}
