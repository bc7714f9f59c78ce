namespace Faults;

/// <summary>What the checker has found against a case: one line each.</summary>
internal sealed class Findings
{
    private static readonly string[] Kinds = ["lost", "doubled", "phantom", "misordered", "complaint"];

    /// <summary>Something that was promised is not there.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>Something is there more often than it was asked for.</summary>
    public List<string> Doubled { get; } = [];

    /// <summary>Something is there that nobody has asked for.</summary>
    public List<string> Phantoms { get; } = [];

    /// <summary>Messages of one key were published, or took effect, in another order than they were committed in.</summary>
    public List<string> Misordered { get; } = [];

    /// <summary>Anything else that should not be: a row charged, a dead letter, a process that ended, too slow a recovery.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>The kinds that are worse than a complaint: what the guarantee excludes.</summary>
    public static IReadOnlyList<string> Harms { get; } = Kinds[..^1];

    /// <summary>All of them, each with the name of its kind, the first few of each.</summary>
    public IEnumerable<string> Lines(int most) =>
        Kinds.Zip(All).SelectMany(kind => kind.Second.Take(most).Select(line => $"{kind.First}: {line}"));

    private IEnumerable<List<string>> All => [Lost, Doubled, Phantoms, Misordered, Complaints];
}
