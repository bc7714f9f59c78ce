using Faults;

namespace Commands.Tests.FaultMatrix;

public sealed class EffectRulesTests
{
    [Fact]
    public void What_is_handled_is_a_message_of_the_case()
    {
        var row = Evidences.Row(1) with { Order = null };
        var handled = new HandledMessage("orders.notifications", row.Message, 100, "100:100:");

        Assert.Empty(Judge(Evidences.None with { Outbox = [row], Handled = [handled] }).Phantoms);
        Assert.Single(Judge(Evidences.None with { Handled = [handled] }).Phantoms);
    }

    private static Findings Judge(Evidence evidence)
    {
        var findings = new Findings();
        EffectRules.Judge(evidence, findings);
        return findings;
    }
}
