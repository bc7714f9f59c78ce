using System.Diagnostics;
using Xunit.Abstractions;

namespace Inbox.Tests.Consuming;

public sealed class ConcurrencyTests(ServersFixture servers, ITestOutputHelper output) : ArenaTests(servers)
{
    [Fact]
    public async Task Fifty_copies_at_once_to_three_consumers_have_one_effect_and_hold_few_sessions()
    {
        static void Share(ConsumerSetup setup)
        {
            setup.Queue = queue => queue.Unordered();
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            };
        }

        await using var first = await Arena.ConsumeAsync(Share);
        await using var second = await Arena.ConsumeAsync(Share);
        await using var third = await Arena.ConsumeAsync(Share);
        var id = Guid.CreateVersion7();

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Arena.PublishAsync(new Noted("same"), id: id)));

        var most = 0L;
        await Eventually.IsTrueAsync(
            async () =>
            {
                most = Math.Max(most, await Arena.Servers.ScalarAsync<long>(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"));
                return await Arena.MessagesAsync(Arena.Queue) == 0
                    && new[] { first, second, third }.Sum(consumer => consumer.Counts["inbox.duplicates_suppressed"]) == 49;
            },
            TimeSpan.FromSeconds(30),
            "all copies are settled");
        Assert.Equal(1, await Arena.NotesAsync());
        Assert.InRange(most, 1, 20);
        Assert.Equal(0u, await Arena.MessagesAsync(Arena.DeadQueue));
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task Hot_rows_in_three_processes_make_no_dead_letter_and_keep_half_the_rate_of_one_by_one()
    {
        await Arena.Servers.ExecuteAsync("CREATE TABLE hot (id int PRIMARY KEY, value bigint NOT NULL)");
        await Arena.Servers.ExecuteAsync("INSERT INTO hot SELECT i, 0 FROM generate_series(0, 19) AS i");
        await Arena.DeclareAsync(setup => setup.Queue = queue => queue.Unordered());

        var oneByOne = await RateAsync(("Inbox__BatchSize", "1"));
        var batches = await RateAsync(("Inbox__BatchSize", "100"));

        output.WriteLine($"one by one {oneByOne:0}, in batches {batches:0} messages a second");
        Assert.Equal(0u, await Arena.MessagesAsync(Arena.DeadQueue));
        Assert.Equal(2 * await Arena.NotesAsync(), await Arena.Servers.ScalarAsync<long>("SELECT sum(value)::bigint FROM hot"));
        Assert.True(batches >= oneByOne / 2, $"one by one {oneByOne:0}, in batches {batches:0} messages a second");
    }

    private async Task<double> RateAsync((string Name, string Value) setting)
    {
        const int messages = 3_000;
        var before = await Arena.NotesAsync();
        await Arena.PublishManyAsync(messages, i => $"k{i}");
        (string, string)[] settings = [("HANDLING", "hot rows"), ("UNORDERED", "true"), setting];
        await using var first = ConsumerProcess.Start(Arena, settings);
        await using var second = ConsumerProcess.Start(Arena, settings);
        await using var third = ConsumerProcess.Start(Arena, settings);
        await Eventually.IsTrueAsync(async () => await Arena.NotesAsync() > before, TimeSpan.FromSeconds(30), "begun");
        var watch = Stopwatch.StartNew();
        await Arena.UntilNotesAsync(before + messages, 120);
        return messages / watch.Elapsed.TotalSeconds;
    }
}
