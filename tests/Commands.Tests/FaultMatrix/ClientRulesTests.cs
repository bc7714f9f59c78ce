using Faults;

namespace Commands.Tests.FaultMatrix;

public sealed class ClientRulesTests
{
    [Theory]
    [InlineData("confirmed", "sku-1", 0, 0)]
    [InlineData("rejected", OrderPlan.Unstocked, 0, 0)]
    [InlineData("rejected", "sku-1", 1, 0)]
    [InlineData("confirmed", OrderPlan.Unstocked, 0, 1)]
    public void An_order_is_decided_by_what_is_in_stock(string decided, string sku, int lost, int phantoms)
    {
        var findings = new Findings();

        ClientRules.Judge(Evidences.OfOrder(decided, new Wanted("sku-2", 1), new Wanted(sku, 1)), findings);

        Assert.Equal((lost, phantoms), (findings.Lost.Count, findings.Phantoms.Count));
    }
}
