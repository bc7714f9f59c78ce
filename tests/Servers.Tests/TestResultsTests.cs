using Servers.Testing;

namespace Servers.Tests;

public sealed class TestResultsTests
{
    [Fact]
    public void Results_are_summed_over_all_files()
    {
        var directory = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, "a.trx"), Trx("Passed", "Passed", "NotExecuted"));
            File.WriteAllText(Path.Combine(directory.FullName, "b.trx"), Trx("Passed", "Failed", "Timeout"));

            Assert.Equal("3 passed, 2 failed, 1 skipped", TestResults.Read(directory.FullName).ToString());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static string Trx(params IEnumerable<string> outcomes) =>
        $"""
        <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
          <Results>{string.Concat(outcomes.Select(outcome => $"<UnitTestResult outcome=\"{outcome}\" />"))}</Results>
        </TestRun>
        """;
}
