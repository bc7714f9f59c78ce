using System.Globalization;
using System.Xml.Linq;

namespace Servers.Testing;

/// <summary>How many tests came out how.</summary>
internal sealed record TestResults(int Passed, int Skipped, IReadOnlyList<FailedTest> Failures)
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    public int Failed => Failures.Count;

    /// <summary>The sum over all result files of a directory.</summary>
    public static TestResults Read(string directory)
    {
        var byOutcome = Directory.GetFiles(directory, "*.trx")
            .SelectMany(file => XDocument.Load(file).Descendants(Trx + "UnitTestResult"))
            .ToLookup(test => test.Attribute("outcome")?.Value);
        return new TestResults(
            byOutcome["Passed"].Count(),
            byOutcome["NotExecuted"].Count(),
            [.. byOutcome.Where(tests => tests.Key is not ("Passed" or "NotExecuted")).SelectMany(tests => tests).Select(FailedTest.Of)]);
    }

    /// <summary>The line that other programs read.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Passed} passed, {Failed} failed, {Skipped} skipped");
}
