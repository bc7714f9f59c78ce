namespace Template.Tests;

/// <summary>Names and switches that services are made with.</summary>
internal static class Variants
{
    public static IReadOnlyList<string> Names { get; } = ["Shop", "Acme.Billing", "my-order.api", "Übung1", "My Service"];
    private static readonly string[] Switches = ["--no-sample", "--no-inbox", "--no-docker"];

    /// <summary>Every combination of switches, from none to all.</summary>
    public static IReadOnlyList<string> Combinations { get; } =
        [.. Enumerable.Range(0, 1 << Switches.Length).Select(bits => string.Join(' ', Switches.Where((_, n) => (bits & (1 << n)) != 0)))];

    /// <summary>Every combination of switches with every name.</summary>
    public static IEnumerable<(string Name, string Switches)> All => Names.SelectMany(_ => Combinations, (name, switches) => (name, switches));

    /// <summary>Every combination of switches with one name, and every name with one combination.</summary>
    public static IEnumerable<(string Name, string Switches)> Usual =>
        Combinations.Select(switches => ("Acme.Billing", switches)).Concat(Names.Select(name => (name, "--no-sample")));

    public static TheoryData<string, string> Theory(IEnumerable<(string Name, string Switches)> variants)
    {
        var rows = new TheoryData<string, string>();
        foreach (var (name, switches) in variants.Distinct())
        {
            rows.Add(name, switches);
        }

        return rows;
    }
}
