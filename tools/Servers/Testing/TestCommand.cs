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

        var results = Directory.CreateDirectory(OwnPath.New("test-results")).FullName;
        int exitCode;
        await using (var servers = asked.NeedsServers ? await TestServers.StartAsync(cancellationToken) : TestServers.None)
        {
            exitCode = await RunTestsAsync(asked, servers.Environment, results, cancellationToken);
        }

        var summary = TestResults.Read(results);
        foreach (var failed in summary.Failures)
        {
            Console.WriteLine(failed);
        }

        if (summary.Complaint(exitCode) is not { } complaint)
        {
            Console.WriteLine(summary);
            return 0;
        }

        await Console.Error.WriteLineAsync(complaint);
        Console.WriteLine(summary);
        return 1;
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
