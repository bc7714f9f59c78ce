using Faults;

namespace Commands.Tests.FaultMatrix;

public sealed class MutantTests
{
    [Fact]
    public void Each_names_its_case_and_what_is_to_be_found() =>
        Assert.All(Mutant.All, mutant => Assert.Contains(mutant.Seen, Findings.Harms));

    [Fact]
    public void A_case_counts_each_kind_of_harm_by_its_name() =>
        Assert.Equal([1, 2, 3, 4], Findings.Harms.Select(Results.Red(1).Count));
}
