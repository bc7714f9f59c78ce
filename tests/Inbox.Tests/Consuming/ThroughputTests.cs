using System.Diagnostics;
using Xunit.Abstractions;

namespace Inbox.Tests.Consuming;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
[Trait("Speed", "slow")]
public sealed class ThroughputTests(ServersFixture servers, ITestOutputHelper output)
{
    [Fact]
    public async Task A_handler_that_inserts_one_row_does_at_least_four_thousand_messages_a_second()
    {
        const int messages = 40_000;
        await using var arena = await InboxArena.CreateAsync(servers);
        await using (await arena.ConsumeAsync())
        {
        }

        await arena.PublishManyAsync(messages, i => $"k{i}", bodyBytes: 450);
        await using var consumer = await arena.ConsumeAsync();
        await Eventually.IsTrueAsync(async () => await arena.NotesAsync() > 2_000, TimeSpan.FromSeconds(30), "warm");

        var before = await arena.NotesAsync();
        var watch = Stopwatch.StartNew();
        var processor = Process.GetCurrentProcess().TotalProcessorTime;
        await arena.UntilNotesAsync(messages, 60);
        var rate = (messages - before) / watch.Elapsed.TotalSeconds;

        var microseconds = (Process.GetCurrentProcess().TotalProcessorTime - processor).TotalMicroseconds / (messages - before);
        output.WriteLine($"{rate:0} messages a second, {microseconds:0} microseconds of processor time each");
        Assert.True(rate > 4_000, $"{rate:0} messages a second");
    }
}
