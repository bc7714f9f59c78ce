namespace Outbox.Relay;

/// <summary>What a stage says of itself, so that the lease is kept only by a pipeline that works: how long it may be silent
/// from now.</summary>
internal sealed class StagePulse(string stage, TimeProvider clock)
{
    private long _silentUntil = long.MaxValue;

    public string Stage { get; } = stage;

    /// <summary>It has nothing to do and waits to be woken.</summary>
    public void Idle() => Volatile.Write(ref _silentUntil, long.MaxValue);

    /// <summary>It has begun something that ends within <paramref name="bound"/>, or it is stuck.</summary>
    public void Busy(TimeSpan bound) =>
        Volatile.Write(ref _silentUntil, clock.GetTimestamp() + (long)(bound.TotalSeconds * clock.TimestampFrequency));

    public bool IsStuck => clock.GetTimestamp() > Volatile.Read(ref _silentUntil);
}
