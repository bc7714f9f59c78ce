using Faults;

namespace Commands.Tests.FaultMatrix;

public sealed class SequenceRulesTests
{
    [Fact]
    public void Messages_of_a_key_take_effect_in_the_order_of_their_commits()
    {
        Assert.Equal(0, Misordered(fails: null, 1, 2, 3));
        Assert.Equal(1, Misordered(fails: null, 1, 3, 2));
    }

    [Fact]
    public void One_that_was_told_to_fail_is_overtaken_and_excuses_nobody_else()
    {
        Assert.Equal(0, Misordered(fails: 1, 2, 3, 4, 1));
        Assert.Equal(1, Misordered(fails: 1, 2, 4, 3, 1));
    }

    // Rows with the ids from 1 on, of one key; each takes effect in a transaction of its own.
    private static int Misordered(long? fails, params long[] inOrderOfEffect)
    {
        var rows = inOrderOfEffect.Order().Select(id => Evidences.Row(id, "key")).ToDictionary(row => row.Id);
        var findings = new Findings();
        SequenceRules.Judge(
            Evidences.None with
            {
                Outbox = [.. rows.Values],
                ToldToFail = fails is { } id ? new HashSet<Guid> { rows[id].Order!.Value } : new HashSet<Guid>(),
                Handled = [.. inOrderOfEffect.Select((id, place) => new HandledMessage(place, "orders.notifications", rows[id].Message, $"{100 + place}"))],
            },
            findings);
        return findings.Misordered.Count;
    }
}
