using System.Globalization;

namespace Faults;

/// <summary>One order that a client is going to place, and what else it does about it.</summary>
/// <param name="Customer">Unlike any other request's; it carries the schedule of a handler that is to fail.</param>
/// <param name="Lines">What is ordered.</param>
/// <param name="CancelAfter">How long after the answer the order is cancelled; null for orders that stay.</param>
/// <param name="Patience">How long the first answer may take: some clients give up at once, and ask again.</param>
/// <param name="GivesUp">The client never asks again: nobody will tell it what became of its order.</param>
/// <param name="AsksTwice">The client repeats the request though it was answered.</param>
internal sealed record OrderPlan(
    string Customer, IReadOnlyList<Wanted> Lines, TimeSpan? CancelAfter, TimeSpan Patience, bool GivesUp, bool AsksTwice)
{
    /// <summary>How long an answer usually may take; the service itself gives up after 3 s.</summary>
    public static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(6);

    /// <summary>An article that nobody has in stock: whoever asks for it is rejected, and nobody else, since there is more of all others
    /// than any run orders.</summary>
    public const string Unstocked = "sku-none";

    private const int Articles = 100;
    private static readonly TimeSpan Failing = TimeSpan.FromMilliseconds(1_200);

    /// <summary>The next order of a client.</summary>
    public static OrderPlan Next(Random random, string name)
    {
        var lines = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(1, Articles + 1)).Distinct()
            .Select(sku => new Wanted($"sku-{sku}", random.Next(1, 4))).ToList();
        if (Happens(random, 5))
        {
            // A business rejection, not a failure.
            lines.Add(new Wanted(Unstocked, 1));
        }

        var fails = Happens(random, 2);
        return new OrderPlan(
            fails ? string.Create(CultureInfo.InvariantCulture, $"{name}-fails-{DateTimeOffset.UtcNow.Add(Failing).ToUnixTimeMilliseconds()}") : name,
            lines,
            Happens(random, 15) ? TimeSpan.FromMilliseconds(random.Next(300)) : null,
            Happens(random, 3) ? TimeSpan.FromMilliseconds(random.Next(1, 20)) : UsualPatience,
            GivesUp: Happens(random, 1),
            AsksTwice: Happens(random, 5));
    }

    private static bool Happens(Random random, int percent) => random.Next(100) < percent;
}
