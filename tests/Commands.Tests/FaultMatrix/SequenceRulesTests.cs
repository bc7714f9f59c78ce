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

    [Theory]
    [InlineData("100:100:", true)]
    [InlineData("98:100:98", true)]
    [InlineData("99:100:99", false)]
    [InlineData("99:99:", false)]
    public void The_earlier_one_is_committed_before_the_later_one_is_handled(string snapshot, bool isInOrder)
    {
        var (earlier, later) = (Evidences.Row(1, "key"), Evidences.Row(2, "key"));
        HandledMessage[] handled =
        [
            new("orders.notifications", earlier.Message, 99, "99:99:"),
            new("orders.notifications", later.Message, 100, snapshot),
        ];
        var findings = new Findings();

        SequenceRules.Judge(Evidences.None with { Outbox = [earlier, later], Handled = handled }, findings);

        Assert.Equal(isInOrder, findings.Misordered.Count == 0);
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
                Handled = [.. inOrderOfEffect.Select((id, place) => new HandledMessage("orders.notifications", rows[id].Message, (ulong)(100 + place), $"{100 + place}:{100 + place}:"))],
            },
            findings);
        return findings.Misordered.Count;
    }
}
