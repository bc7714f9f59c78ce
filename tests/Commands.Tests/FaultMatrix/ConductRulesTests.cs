using Faults;

namespace Commands.Tests.FaultMatrix;

public sealed class ConductRulesTests
{
    private static readonly FaultCase Case = new("some-case", "something", _ => Task.CompletedTask);

    private static readonly Circumstances Calm = new()
    {
        Failure = null,
        Drained = TimeSpan.FromSeconds(1),
        DrainBound = TimeSpan.FromSeconds(60),
        Left = null,
        Late = null,
        Unsettled = null,
        UnexpectedEnds = [],
        DeadLetters = 0,
        FirstPublish = null,
    };

    [Theory]
    [InlineData("None", 0, true)]
    [InlineData("None", 1, false)]
    [InlineData("May", 0, true)]
    [InlineData("May", 1, true)]
    [InlineData("Must", 0, false)]
    [InlineData("Must", 1, true)]
    public void Rows_are_charged_where_messages_are_refused_and_nowhere_else(string charges, int attempts, bool isGreen)
    {
        var evidence = Evidences.None with { Outbox = [Evidences.Row(1) with { Attempts = attempts }] };

        Assert.Equal(isGreen, Judge(Case with { Charges = Enum.Parse<Charges>(charges) }, evidence).Complaints.Count == 0);
    }

    [Fact]
    public void What_is_published_again_counts_where_it_is_bounded_and_from_earlier_cases_too()
    {
        var (once, twice, earlier) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var evidence = Evidences.None with { Tap = [.. new[] { once, twice, earlier, twice }.Select(Evidences.Arrival)], OfEarlierCases = new HashSet<Guid> { earlier } };

        Assert.Equal(2, evidence.Repeats);
        Assert.Single(Judge(Case with { MostRepeats = 1 }, evidence).Complaints);
        Assert.Empty(Judge(Case with { MostRepeats = 2 }, evidence).Complaints);
        Assert.Empty(Judge(Case, evidence).Complaints);
    }

    private static Findings Judge(FaultCase played, Evidence evidence)
    {
        var findings = new Findings();
        ConductRules.Judge(played, evidence, new Injection(null!, null!, null!, new Random(1), CancellationToken.None), Calm, findings);
        return findings;
    }
}
