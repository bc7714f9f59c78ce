namespace Messaging;

/// <summary>How long to wait before the next try.</summary>
internal static class Backoff
{
    /// <summary>Multiplies from <paramref name="first"/> by <paramref name="factor"/> with each attempt after the first, up to
    /// <paramref name="cap"/>.</summary>
    public static TimeSpan After(int attempt, TimeSpan first, TimeSpan cap, double factor = 2)
    {
        var exponential = first.TotalMilliseconds * Math.Pow(factor, Math.Min(attempt - 1, 64));
        return exponential < cap.TotalMilliseconds ? TimeSpan.FromMilliseconds(exponential) : cap;
    }

    /// <summary>Spreads a delay by 20 % to either side, so that many who failed together do not come back together.</summary>
    public static TimeSpan WithJitter(TimeSpan delay) => delay * (0.8 + (0.4 * Random.Shared.NextDouble()));
}
