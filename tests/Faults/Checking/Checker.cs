namespace Faults;

/// <summary>Decides from the evidence alone whether the guarantee was kept.</summary>
internal static class Checker
{
    public static Findings Judge(Evidence evidence)
    {
        var findings = new Findings();
        ClientRules.Judge(evidence, findings);
        WireRules.Judge(evidence, findings);
        EffectRules.Judge(evidence, findings);
        StockRules.Judge(evidence, findings);
        SequenceRules.Judge(evidence, findings);
        return findings;
    }
}
