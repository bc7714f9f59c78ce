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

    [Theory]
    [InlineData(0, null, "Passed", "NotExecuted")]
    [InlineData(1, "1 passed, 1 failed, 0 skipped: A.Test", "Passed", "Failed")]
    [InlineData(134, "The test run was cut short (exit code 134): 1 passed, 0 failed, 0 skipped", "Passed")]
    [InlineData(0, "No test passed: 0 passed, 0 failed, 1 skipped", "NotExecuted")]
    public void A_run_that_was_not_good_says_why_in_one_line(int exitCode, string? complaint, params string[] outcomes) => InDirectory(directory =>
    {
        File.WriteAllText(Path.Combine(directory, "a.trx"), Trx(outcomes));

        Assert.Equal(complaint, TestResults.Read(directory).Complaint(exitCode));
    });

    [Fact]
    public void A_line_for_hundreds_of_failed_tests_names_ten() => InDirectory(directory =>
    {
        File.WriteAllText(Path.Combine(directory, "a.trx"), Trx(Enumerable.Repeat("Failed", 200)));

        Assert.EndsWith("A.Test, A.Test and 190 more", TestResults.Read(directory).Complaint(1), StringComparison.Ordinal);
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
