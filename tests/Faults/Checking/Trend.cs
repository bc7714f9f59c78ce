namespace Faults;

/// <summary>A figure that is to stay flat.</summary>
/// <param name="What">What was counted.</param>
/// <param name="Middle">Its median over the middle third of the case.</param>
/// <param name="Last">Its median over the last third.</param>
internal sealed record Trend(string What, double Middle, double Last)
{
    /// <summary>Whether it rose by more than a fifth and <paramref name="slack"/>.</summary>
    public bool Rose(double slack) => Last > (Middle * 1.2) + slack;
}
