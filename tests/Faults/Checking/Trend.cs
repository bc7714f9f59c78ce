namespace Faults;

/// <summary>A figure that is to stay flat.</summary>
/// <param name="What">What was counted.</param>
/// <param name="Middle">Its median over the middle third of the case.</param>
/// <param name="Last">Its median over the last third.</param>
internal sealed record Trend(string What, double Middle, double Last)
{
    /// <summary>Whether it rose by more than <paramref name="slack"/>. No share of it is free: a leak does not grow with what was there.</summary>
    public bool Rose(double slack) => Last > Middle + slack;
}
