using Servers.Native;

namespace Servers.Tests;

[Trait("Needs", "servers")]
public sealed class FirstStartTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    [Fact]
    [Trait("Speed", "slow")]
    public async Task A_broker_whose_first_start_was_cut_short_begins_anew_and_one_that_had_answered_goes_on()
    {
        using var directory = await PrivateDirectory.TakeAsync(null, CancellationToken.None);
        var node = NativeRabbitMq.Cluster(
            directory, await DebianPackages.EnsureInstalledAsync(CancellationToken.None), new NativeOptions())[0];
        var data = Path.Combine(directory.Path, "rabbitmq", "data");
        var trace = Path.Combine(data, "trace");
        try
        {
            using var cut = new CancellationTokenSource();
            var first = node.StartAsync(cut.Token);
            await Eventually.IsTrueAsync(
                () => Directory.Exists(data) && Directory.EnumerateFileSystemEntries(data).Any(), Deadline, "the node has begun to make its tables");
            await cut.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
            await node.KillAsync();
            await File.WriteAllTextAsync(trace, "");

            await node.StartAsync(CancellationToken.None);
            Assert.False(File.Exists(trace));

            await node.KillAsync();
            await File.WriteAllTextAsync(trace, "");
            await node.StartAsync(CancellationToken.None);
            Assert.True(File.Exists(trace));
        }
        finally
        {
            await node.EndAsync();
        }
    }
}
