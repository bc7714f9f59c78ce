using Servers.Native;

namespace Servers.Tests;

public sealed class InstallationTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("installation-");

    [Fact]
    public async Task An_installation_that_has_begun_ends_before_an_interruption_is_heeded()
    {
        using var interruption = new CancellationTokenSource();
        var installing = Installation.RunAsync(
            ["bash", "-c", "cd \"$0\"; trap 'touch put-back' EXIT; until [ -e end ]; do echo at work >>steps; sleep 0.02; done", _directory.FullName],
            Deadline,
            interruption.Token);
        await Eventually.IsTrueAsync(() => Steps() > 0, Deadline, "the installation has begun");

        await interruption.CancelAsync();

        var enough = Steps() + 10;
        await Eventually.IsTrueAsync(() => Steps() > enough, TimeSpan.FromSeconds(20), "it goes on");
        await File.WriteAllTextAsync(PathOf("end"), "");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => installing);
        Assert.True(File.Exists(PathOf("put-back")));
    }

    [Fact]
    public async Task A_failed_installation_says_why() =>
        Assert.Equal("no such package", await Installation.RunAsync(["bash", "-c", "echo no such package >&2; exit 100"], Deadline, CancellationToken.None));

    public void Dispose() => _directory.Delete(recursive: true);

    private int Steps() => File.Exists(PathOf("steps")) ? File.ReadAllLines(PathOf("steps")).Length : 0;

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);
}
