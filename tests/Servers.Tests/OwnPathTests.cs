using System.Globalization;

namespace Servers.Tests;

public sealed class OwnPathTests : IDisposable
{
    // Ids go to 4194304 at most.
    private const string NoProcess = "99999999";
    private const string FirstProcess = "1";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("own-");

    [Fact]
    public void A_path_of_this_process_is_empty_and_what_ended_processes_left_is_gone()
    {
        var mine = Make("results-" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        var left = Make("results-" + NoProcess);
        var running = Make("results-" + FirstProcess);
        var other = Make("results-of-another-kind");

        Assert.Equal(mine, OwnPath.New(_directory.FullName, "results", ""));

        Assert.Equal([false, false, true, true], new[] { mine, left, running, other }.Select(Directory.Exists));
    }

    [Fact]
    public void Files_are_treated_alike()
    {
        var left = Path.Combine(_directory.FullName, $"service-{NoProcess}.log");
        File.WriteAllText(left, "");

        var log = OwnPath.New(_directory.FullName, "service", ".log");

        Assert.EndsWith($"service-{Environment.ProcessId}.log", log, StringComparison.Ordinal);
        Assert.Empty(_directory.GetFiles());
    }

    [Fact]
    public async Task Builds_take_turns()
    {
        var first = await DotNet.BuildTurnAsync(CancellationToken.None);
        var second = DotNet.BuildTurnAsync(CancellationToken.None);
        Assert.False(second.IsCompleted);

        await first.DisposeAsync();

        await (await second).DisposeAsync();
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string Make(string name) => _directory.CreateSubdirectory(name).FullName;
}
