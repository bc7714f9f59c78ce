namespace Template.Tests;

/// <summary>Names and switches that services are made with.</summary>
internal static class Variants
{
    private static readonly string[] Names = ["Shop", "Acme.Billing", "my-order.api", "Übung1", "My Service"];
    private static readonly string[] Switches = ["--no-sample", "--no-inbox", "--no-docker"];

    /// <summary>Every combination of switches, from none to all.</summary>
    public static IReadOnlyList<string> Combinations { get; } =
        [.. Enumerable.Range(0, 1 << Switches.Length).Select(bits => string.Join(' ', Switches.Where((_, n) => (bits & (1 << n)) != 0)))];

    /// <summary>Every combination of switches with every name.</summary>
    public static (string Name, string Switches)[] All { get; } =
        [.. Names.SelectMany(name => Combinations, (name, switches) => (name, switches))];
}
