using Servers.Testing;

namespace Servers.Tests;

public sealed class TestResultsTests
{
    [Fact]
    public void Results_are_summed_over_all_files() => InDirectory(directory =>
    {
        File.WriteAllText(Path.Combine(directory, "a.trx"), Trx("Passed", "Passed", "NotExecuted"));
        File.WriteAllText(Path.Combine(directory, "b.trx"), Trx("Passed", "Failed", "Timeout"));

        Assert.Equal("3 passed, 2 failed, 1 skipped", TestResults.Read(directory).ToString());
    });

    [Fact]
    public void A_failed_test_is_told_with_what_it_said_and_where() => InDirectory(directory =>
    {
        File.WriteAllText(Path.Combine(directory, "a.trx"), Trx("Failed"));

        var failed = Assert.Single(TestResults.Read(directory).Failures).ToString();

        Assert.Equal("Failed A.Test\n    It is 1.\n    Not 2.\n    at A.Test() in A.cs:line 7", failed);
    });

    private static void InDirectory(Action<string> test)
    {
        var directory = Directory.CreateTempSubdirectory();
        try
        {
            test(directory.FullName);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static string Trx(params IEnumerable<string> outcomes) =>
        $"""
        <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
          <Results>{string.Concat(outcomes.Select(Result))}</Results>
        </TestRun>
        """;

    private static string Result(string outcome) =>
        $"""
        <UnitTestResult testName="A.Test" outcome="{outcome}">
          <Output><ErrorInfo>
            <Message>It is 1.
            Not 2.</Message>
            <StackTrace>   at A.Test() in A.cs:line 7</StackTrace>
          </ErrorInfo></Output>
        </UnitTestResult>
        """;
}
