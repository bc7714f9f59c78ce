using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox.Tests.Transactions;

public sealed class SavepointTests(ServersFixture servers) : ArenaTests(servers)
{
    private const int Before = 100;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_handler_that_rolls_back_to_what_an_earlier_one_has_left_takes_no_effect_along(bool savesTogether)
    {
        var transactions = new ConcurrentDictionary<int, Guid>();
        await using var consumer = await ConsumeThreeTogetherAsync(savesTogether, async (db, message, context, cancellationToken) =>
        {
            var transaction = db.Database.CurrentTransaction!;
            transactions.TryAdd(message.Number, transaction.TransactionId);
            switch (message.Number - Before)
            {
                case 1:
                    await transaction.CreateSavepointAsync("attempt", cancellationToken);
                    NoteIt.Add(db, message, context);
                    await db.SaveChangesAsync(cancellationToken);
                    break;
                case 2:
                    NoteIt.Add(db, message, context);
                    break;
                case 3:
                    try
                    {
                        await transaction.RollbackToSavepointAsync("attempt", cancellationToken);
                    }
                    catch (Exception)
                    {
                        // It has gone wrong before, and the handler wants to hear of nothing more.
                    }

                    break;
            }
        });

        await UntilDeferredAsync();
        await Arena.UntilNotesAsync(Before + 3);
        Assert.Equal(2, await Arena.NotesAsync($"number > {Before}"));
        Assert.Equal(Before + 3, consumer.Counts["inbox.handled"]);
        Assert.Equal(3, transactions.Count);
        Assert.Single(transactions.Values.Distinct());
    }

    [Fact]
    public async Task Each_may_roll_back_to_its_own_and_to_that_of_a_save()
    {
        var transactions = new ConcurrentBag<Guid>();
        await using var consumer = await ConsumeThreeTogetherAsync(savesTogether: false, async (db, message, context, cancellationToken) =>
        {
            var transaction = db.Database.CurrentTransaction!;
            transactions.Add(transaction.TransactionId);
            await transaction.CreateSavepointAsync("attempt", cancellationToken);
            NoteIt.Add(db, message with { Text = "attempted" }, context);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.RollbackToSavepointAsync("attempt", cancellationToken);
            db.ChangeTracker.Clear();

            db.Database.AutoSavepointsEnabled = true;
            NoteIt.Add(db, message with { Text = new string('x', 101) }, context);
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync(cancellationToken));
            db.ChangeTracker.Clear();

            NoteIt.Add(db, message, context);
        });

        await Arena.UntilNotesAsync(Before + 4);
        Assert.Equal(Before + 4, await Arena.NotesAsync("text = 'n' AND attempt = 1"));
        Assert.Equal(3, transactions.Count);
        Assert.Single(transactions.Distinct());
    }

    /// <summary>A savepoint around a save heals the transaction after an error of it: half an effect would be committed.</summary>
    [Fact]
    public async Task Savepoints_that_one_has_asked_for_heal_no_error_that_another_swallows()
    {
        await using var consumer = await ConsumeThreeTogetherAsync(savesTogether: false, async (db, message, context, cancellationToken) =>
        {
            NoteIt.Add(db, message, context);
            if (message.Number == Before + 1)
            {
                db.Database.AutoSavepointsEnabled = true;
            }
            else if (message.Number == Before + 2)
            {
                await db.SaveChangesAsync(cancellationToken);
                NoteIt.Add(db, message with { Text = new string('x', 101) }, context);
                await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync(cancellationToken));
                db.ChangeTracker.Clear();
            }
        });

        await UntilDeferredAsync();
        await Arena.UntilNotesAsync(Before + 3);
        Assert.Equal(0, await Arena.NotesAsync($"number = {Before + 2}"));
    }

    /// <summary>The messages with the numbers after <see cref="Before"/> share a transaction and go to <paramref name="handling"/>.</summary>
    private async Task<RunningConsumer> ConsumeThreeTogetherAsync(bool savesTogether, Handling handling)
    {
        var begun = new TaskCompletionSource();
        var published = new TaskCompletionSource();
        await Arena.DeclareAsync(RetryInAnHour);
        await Arena.PublishManyAsync(Before, _ => "k");
        var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Settings["Inbox:Lanes"] = "1";
            setup.Services = services => services.AddSingleton<TimeProvider>(new TimelessClock());
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                if (message.Number > Before)
                {
                    await handling(db, message, context, cancellationToken);
                    return;
                }

                NoteIt.Add(db, message, context);
                if (message.Number == Before)
                {
                    begun.SetResult();
                    await published.Task.WaitAsync(cancellationToken);
                }
            };
            if (savesTogether)
            {
                setup.Queue = queue => queue.SaveTogether();
            }
        });
        await Arena.UntilNotesAsync(Before);
        await Arena.PublishManyAsync(1, _ => "k", from: Before);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await Arena.PublishManyAsync(3, _ => "k", from: Before + 1);
        // The consumer has them.
        await Arena.UntilQueuedAsync(0);
        published.SetResult();
        return consumer;
    }
}
