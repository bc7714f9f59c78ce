using System.Globalization;
using System.Xml.Linq;

namespace Servers.Testing;

/// <summary>How many tests came out how.</summary>
internal sealed record TestResults(int Passed, int Skipped, IReadOnlyList<FailedTest> Failures)
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    private const int MostNames = 10;

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

    /// <summary>Why a run that ended with this exit code was not good, in one line; null where it was.</summary>
    public string? Complaint(int exitCode) =>
        Failed > 0 ? $"{this}: {Names()}"
        : exitCode != 0 ? $"The test run was cut short (exit code {exitCode}): {this}"
        : Passed == 0 ? $"No test passed: {this}"
        : null;

    private string Names() =>
        string.Join(", ", Failures.Take(MostNames).Select(failed => failed.Name)) + (Failed > MostNames ? $" and {Failed - MostNames} more" : "");

    /// <summary>The line that other programs read.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Passed} passed, {Failed} failed, {Skipped} skipped");
}
