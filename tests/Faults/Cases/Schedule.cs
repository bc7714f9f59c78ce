namespace Faults;

/// <summary>A case in its turn.</summary>
/// <param name="Number">From 1, in the order of the run.</param>
/// <param name="Case">Which.</param>
/// <param name="Seed">What all its random decisions follow from.</param>
internal sealed record Turn(int Number, FaultCase Case, int Seed);

/// <summary>The order of cases: all of them, shuffled, again and again. The same seed is the same schedule, on every machine.</summary>
internal static class Schedule
{
    /// <summary>Turns without end, from <paramref name="first"/> on.</summary>
    public static IEnumerable<Turn> Of(int seed, IReadOnlyList<FaultCase> cases, int first)
    {
        for (var number = 1; ; number++)
        {
            var (round, place) = Math.DivRem(number - 1, cases.Count);
            if (number >= first)
            {
                yield return new Turn(number, Shuffled(seed, round, cases)[place], Seeds.Of(seed, number));
            }
        }
    }

    private static FaultCase[] Shuffled(int seed, int round, IReadOnlyList<FaultCase> cases)
    {
        FaultCase[] shuffled = [.. cases];
        new Random(Seeds.Of(seed, -1 - round)).Shuffle(shuffled);
        return shuffled;
    }
}
