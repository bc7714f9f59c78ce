using System.Globalization;

namespace Faults;

/// <summary>How the service conducted itself: rows are charged and parked, and messages buried, over what is their own fault and
/// over nothing else; processes live; recovery is quick.</summary>
internal static class ConductRules
{
    private static readonly TimeSpan FirstPublishBound = TimeSpan.FromSeconds(2);

    public static void Judge(FaultCase played, Evidence evidence, Injection injection, Circumstances circumstances, Findings findings)
    {
        findings.Complaints.AddRange(circumstances.Failure is { } failure ? [failure] : []);
        findings.Complaints.AddRange(injection.Complaints);
        findings.Complaints.AddRange(circumstances.UnexpectedEnds);
        JudgeRefusals(played, evidence, injection, circumstances, findings);
        JudgeSpeed(injection, circumstances, findings);
        findings.Complaints.AddRange(circumstances.Unsettled is { } open ? [$"all was done, and yet something never settled ({open})"] : []);

        if (evidence.Repeats > played.MostRepeats)
        {
            findings.Complaints.Add($"{evidence.Repeats} messages were published again, {played.MostRepeats} at most should have been");
        }
    }

    private static void JudgeRefusals(FaultCase played, Evidence evidence, Injection injection, Circumstances circumstances, Findings findings)
    {
        var parked = evidence.Outbox.Count(message => message.IsParked);
        if (parked != injection.ParkedRows)
        {
            findings.Complaints.Add($"{parked} rows are parked, {injection.ParkedRows} should be");
        }

        if (circumstances.DeadLetters != injection.DeadLetters)
        {
            findings.Complaints.Add($"{circumstances.DeadLetters} messages became dead letters, {injection.DeadLetters} should have");
        }

        var charged = evidence.Outbox.Count(message => message.Attempts > 0);
        if (charged > 0 && played.Charges == Charges.None)
        {
            findings.Complaints.Add($"{charged} rows were charged with attempts, though no message was refused for itself");
        }
        else if (charged == 0 && played.Charges == Charges.Must)
        {
            findings.Complaints.Add("no row was charged with an attempt, so nothing was refused");
        }
    }

    private static void JudgeSpeed(Injection injection, Circumstances circumstances, Findings findings)
    {
        if (circumstances.Drained is null)
        {
            var late = circumstances.Late is { } done ? string.Create(CultureInfo.InvariantCulture, $"done after {done.TotalSeconds:0} s") : "never done";
            findings.Complaints.Add(string.Create(
                CultureInfo.InvariantCulture, $"something was left to do {circumstances.DrainBound.TotalSeconds:0} s after healing ({circumstances.Left}), {late}"));
        }

        if (injection.BrokerBackAt is not null && !(circumstances.FirstPublish <= FirstPublishBound))
        {
            var after = circumstances.FirstPublish is { } wait ? string.Create(CultureInfo.InvariantCulture, $"{wait.TotalSeconds:0.0} s") : "never";
            findings.Complaints.Add($"the first message went out {after} after the broker took connections again");
        }
    }
}
