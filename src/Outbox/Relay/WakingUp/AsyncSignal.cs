using System.Threading.Channels;

namespace Outbox.Relay;

/// <summary>Wakes one waiter. Set while nobody waits, it wakes the next at once; set twice, it wakes once.</summary>
internal sealed class AsyncSignal
{
    private readonly Channel<bool> _set = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private int _isSet;
    private Task? _wait;

    // Most calls find it set: they cost one exchange, and no lock.
    public void Set()
    {
        if (Interlocked.Exchange(ref _isSet, 1) == 0)
        {
            _set.Writer.TryWrite(true);
        }
    }

    /// <summary>Waits until set.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    /// <summary>Waits until set, or until <paramref name="bound"/> has passed.</summary>
    /// <returns>Whether it was set already.</returns>
    public async Task<bool> WaitAsync(TimeSpan bound, TimeProvider clock, CancellationToken cancellationToken)
    {
        // A wait that found its bound goes on with the next one.
        _wait ??= _set.Reader.ReadAsync(CancellationToken.None).AsTask();
        var wasSet = _wait.IsCompleted;
        await _wait.WaitAsync(bound, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (_wait.IsCompleted)
        {
            _wait = null;
            // Whoever finds it still set before this has changed what the waiter looks at next.
            Interlocked.Exchange(ref _isSet, 0);
        }

        return wasSet;
    }
}
