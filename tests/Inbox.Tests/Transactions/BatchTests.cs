using Microsoft.EntityFrameworkCore;

namespace Inbox.Tests.Transactions;

public sealed class BatchTests(ServersFixture servers) : ArenaTests(servers)
{
    [Fact]
    public async Task One_bad_message_among_a_hundred_costs_only_itself()
    {
        await Arena.DeclareAsync(RetryInAnHour);
        await Arena.PublishManyAsync(100, i => $"k{i}");

        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Settings["Inbox:Lanes"] = "1";
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                return message.Number == 70 ? throw new InvalidOperationException("bad") : Task.CompletedTask;
            };
        });

        await Arena.UntilNotesAsync(99);
        await UntilDeferredAsync();
        Assert.Equal(99, await Arena.NotesAsync("attempt = 1"));
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(1, consumer.Counts["inbox.retried"]);
        // Its neighbours went on together.
        Assert.InRange(await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT xmin::text) FROM note"), 1, 20);
    }

    [Fact]
    public async Task Messages_that_wait_together_share_transactions()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(2_000, i => $"k{i}");

        await using var consumer = await Arena.ConsumeAsync();

        await Arena.UntilNotesAsync(2_000);
        var transactions = await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT xmin::text) FROM note");
        Assert.InRange(transactions, 1, 500);
    }

    [Fact]
    public async Task A_later_handler_of_a_batch_sees_the_effects_of_an_earlier_one()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(400, _ => "k");

        await using var consumer = await Arena.ConsumeAsync(setup => setup.Handling = (db, message, context, _) =>
        {
            var seen = db.Notes.Count();
            NoteIt.Add(db, message with { Text = seen.ToString(System.Globalization.CultureInfo.InvariantCulture) }, context);
            return Task.CompletedTask;
        });

        await Arena.UntilNotesAsync(400);
        Assert.Equal(400, await Arena.NotesAsync("text = number::text"));
    }

    [Fact]
    public async Task What_a_handler_sets_on_its_context_does_not_reach_the_next_one()
    {
        await Arena.DeclareAsync();
        await Arena.Servers.ExecuteAsync("INSERT INTO note (message_id, text, number, attempt) VALUES (gen_random_uuid(), 'counter', -1, 0)");
        await Arena.PublishManyAsync(100, i => $"k{i}");

        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Settings["Inbox:Lanes"] = "1";
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                var counter = await db.Notes.SingleAsync(note => note.Number == -1, cancellationToken);
                counter.Attempt++;
                NoteIt.Add(db, message, context);
                db.ChangeTracker.DetectChanges();
                if (message.Number == 10)
                {
                    db.ChangeTracker.AutoDetectChangesEnabled = false;
                }
                else if (message.Number == 50)
                {
                    db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
                }
            };
        });

        await Arena.UntilNotesAsync(101);
        Assert.Equal(100, await Arena.Servers.ScalarAsync<int>("SELECT attempt FROM note WHERE number = -1"));
    }

    [Fact]
    public async Task A_queue_that_asks_for_batches_of_one_gets_a_transaction_for_each_message()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(200, i => $"k{i}");

        await using var consumer = await Arena.ConsumeAsync(setup => setup.Queue = queue => queue.BatchSize(1));

        await Arena.UntilNotesAsync(200);
        Assert.Equal(200, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT xmin::text) FROM note"));
    }
}
