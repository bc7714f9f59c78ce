using System.Globalization;
using System.Xml.Linq;

namespace Servers.Testing;

/// <summary>How many tests came out how.</summary>
internal sealed record TestResults(int Passed, int Failed, int Skipped)
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>The sum over all result files of a directory.</summary>
    public static TestResults Read(string directory) => Directory.GetFiles(directory, "*.trx")
        .SelectMany(file => XDocument.Load(file).Descendants(Trx + "UnitTestResult"))
        .Aggregate(new TestResults(0, 0, 0), (sum, test) => test.Attribute("outcome")?.Value switch
        {
            "Passed" => sum with { Passed = sum.Passed + 1 },
            "NotExecuted" => sum with { Skipped = sum.Skipped + 1 },
            _ => sum with { Failed = sum.Failed + 1 },
        });

    /// <summary>The line that other programs read.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Passed} passed, {Failed} failed, {Skipped} skipped");
}
