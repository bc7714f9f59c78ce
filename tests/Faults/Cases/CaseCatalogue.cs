namespace Faults;

/// <summary>All cases.</summary>
internal static class CaseCatalogue
{
    public static IReadOnlyList<FaultCase> All { get; } =
    [
        .. KillCases.All, .. BrokerCases.All, .. DatabaseCases.All, .. NetworkCases.All, .. MessageCases.All, .. ClockCases.All,
        .. CombinedCases.All, .. LongCases.All, .. SteadyCases.All, .. ClusterCases.All,
    ];
}
