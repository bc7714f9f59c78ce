using System.Diagnostics;
using Xunit.Abstractions;

namespace Inbox.Tests.Consuming;

[Trait("Speed", "slow")]
public sealed class ThroughputTests(ServersFixture servers, ITestOutputHelper output) : ArenaTests(servers)
{
    private const int Messages = 40_000;
    private const int Lanes = 2;

    [Fact]
    public async Task A_handler_that_inserts_one_row_keeps_at_least_half_the_rate_of_bare_inserts()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(Messages, i => $"k{i}", bodyBytes: 450);
        await using var consumer = await Arena.ConsumeAsync();
        await Eventually.IsTrueAsync(async () => await Arena.NotesAsync() > 5_000, TimeSpan.FromSeconds(60), "warm");

        var before = await Arena.NotesAsync();
        var watch = Stopwatch.StartNew();
        await Arena.UntilNotesAsync(Messages, 120);
        var rate = (Messages - before) / watch.Elapsed.TotalSeconds;
        await consumer.StopAsync();
        var ceiling = await BareInsertsAsync();

        output.WriteLine($"{rate:0} messages a second, {ceiling:0} bare inserts a second");
        Assert.True(rate > ceiling / 2, $"{rate:0} messages a second, {ceiling:0} bare inserts a second");
    }

    /// <summary>The same context and the same number of rows in a transaction, without broker, inbox and handlers.</summary>
    private async Task<double> BareInsertsAsync()
    {
        const int transactions = 100;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < transactions; i++)
            {
                await using var db = Arena.NewContext();
                db.Database.AutoSavepointsEnabled = false;
                await using var transaction = await db.Database.BeginTransactionAsync();
                for (var row = 0; row < 100; row++)
                {
                    db.Notes.Add(new Note { MessageId = Guid.CreateVersion7(), Text = "bare" });
                    await db.SaveChangesAsync();
                    db.ChangeTracker.Clear();
                }

                await transaction.CommitAsync();
            }
        })));
        return Lanes * transactions * 100 / watch.Elapsed.TotalSeconds;
    }
}
