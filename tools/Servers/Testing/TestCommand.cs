namespace Servers.Testing;

/// <summary>./test: builds everything, starts one pair of servers for all tests, and sums up.</summary>
internal static class TestCommand
{
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var asked = TestArguments.Parse(arguments);
        var solution = Path.GetFileName(Directory.GetFiles(RepositoryRoot.Path, "*.sln").Single());
        await Console.Error.WriteLineAsync($"Building {solution} ...");
        await DotNet.BuildAsync(cancellationToken, solution);

        var results = Path.Combine(RepositoryRoot.Path, ".local", "test-results");
        if (Directory.Exists(results))
        {
            Directory.Delete(results, recursive: true);
        }

        Directory.CreateDirectory(results);
        int exitCode;
        await using (var servers = asked.NeedsServers ? await TestServers.StartAsync(cancellationToken) : TestServers.None)
        {
            exitCode = await RunTestsAsync(asked, servers.Environment, results, cancellationToken);
        }

        var summary = TestResults.Read(results);
        var isGood = exitCode == 0 && summary is { Failed: 0, Passed: > 0 };
        if (!isGood && summary.Failed == 0)
        {
            await Console.Error.WriteLineAsync(exitCode == 0 ? "No test ran." : $"The test run was cut short (exit code {exitCode}).");
        }

        foreach (var failed in summary.Failures)
        {
            Console.WriteLine(failed);
        }

        Console.WriteLine(summary);
        return isGood ? 0 : 1;
    }

    // One test assembly after another: side by side they would measure each other's load.
    private static async Task<int> RunTestsAsync(
        TestArguments asked, IReadOnlyDictionary<string, string> environment, string results, CancellationToken cancellationToken)
    {
        var assemblies = Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "tests"), "*.Tests.csproj", SearchOption.AllDirectories)
            .Order()
            .Select(project => DotNet.Assembly(Path.GetRelativePath(RepositoryRoot.Path, project)));
        List<string> line =
        [
            "test", .. assemblies, "--results-directory", results, "--logger", "trx", "--logger", "console;verbosity=normal",
        ];
        if (asked.Filter is not null)
        {
            line.AddRange(["--filter", asked.Filter]);
        }

        var tests = ChildProcess.Start(new ChildProgram("dotnet", line) { Environment = environment });
        try
        {
            await tests.WaitAsync(cancellationToken);
            return tests.ExitCode;
        }
        catch (OperationCanceledException)
        {
            await tests.StopAllAsync(Signal.Interrupt, TimeSpan.FromSeconds(20));
            throw;
        }
    }
}
