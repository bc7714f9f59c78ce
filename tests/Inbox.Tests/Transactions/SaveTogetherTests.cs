using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox.Tests.Transactions;

public sealed class SaveTogetherTests(ServersFixture servers) : ArenaTests(servers)
{
    [Fact]
    public async Task Messages_that_wait_together_are_saved_once_and_each_has_one_effect_in_order()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(2_000, i => $"k{i % 10}");

        await using var consumer = await Arena.ConsumeAsync(setup => Together(setup, (db, message, context, _) =>
        {
            var unsaved = db.ChangeTracker.Entries().Count();
            NoteIt.Add(db, message with { Text = unsaved.ToString(CultureInfo.InvariantCulture) }, context);
            return Task.CompletedTask;
        }));

        await Arena.UntilNotesAsync(2_000);
        await Arena.UntilSettledAsync(consumer);
        Assert.InRange(await Arena.NotesAsync("text::int >= 50"), 100, 2_000);
        Assert.Equal(2_000, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
        Assert.Equal(0, await Arena.Servers.ScalarAsync<long>(
            "SELECT count(*) FROM (SELECT number < lag(number) OVER (PARTITION BY key ORDER BY id) AS late FROM note) AS n WHERE late"));
    }

    /// <summary>To the server the transaction lies idle meanwhile.</summary>
    [Fact]
    public async Task Handlers_that_take_longer_together_than_one_may_share_a_transaction_all_the_same()
    {
        const int Batch = 64;
        using var published = new SemaphoreSlim(0);
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(2_000, _ => "k");
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Settings["Inbox:BatchSize"] = $"{Batch}";
            setup.Settings["Inbox:HandlerTimeout"] = "2s";
            setup.Services = services => services.AddSingleton<TimeProvider>(new TimelessClock());
            Together(setup, async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                if (message.Number == 2_000)
                {
                    await published.WaitAsync(cancellationToken);
                }
                else if (message.Number > 2_000)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(220), cancellationToken);
                }
            });
        });
        await Arena.UntilNotesAsync(2_000);

        await Arena.PublishManyAsync(1, _ => "k", from: 2_000);
        await Arena.PublishManyAsync(Batch, _ => "k", from: 2_001);
        published.Release();

        await Arena.UntilNotesAsync(2_001 + Batch, 60);
        Assert.Equal(1, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT xmin::text) FROM note WHERE number > 2000"));
    }

    [Fact]
    public async Task A_message_whose_handler_fails_costs_only_itself()
    {
        await ConsumeHundredAsync((db, message, context, _) =>
        {
            NoteIt.Add(db, message, context);
            return message.Number == 70 ? throw new InvalidOperationException("bad") : Task.CompletedTask;
        });

        // Its neighbours went on together.
        Assert.InRange(await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT xmin::text) FROM note"), 1, 20);
    }

    [Fact]
    public Task A_message_that_cannot_be_saved_costs_only_itself() => ConsumeHundredAsync((db, message, context, _) =>
    {
        NoteIt.Add(db, message.Number == 70 ? message with { Text = new string('x', 101) } : message, context);
        return Task.CompletedTask;
    });

    [Fact]
    public async Task A_handler_that_clears_the_change_tracker_takes_no_effect_of_another_along()
    {
        await using var consumer = await ConsumeTogetherAsync(100, (db, message, context, _) =>
        {
            if (message.Number == 70)
            {
                db.ChangeTracker.Clear();
            }

            NoteIt.Add(db, message, context);
            return Task.CompletedTask;
        });

        await consumer.UntilCountAsync("inbox.handled", 100);
        Assert.Equal(100, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
        Assert.Equal(100, await Arena.NotesAsync("attempt = 1"));
    }

    [Fact]
    public async Task Nor_does_it_take_along_what_one_has_changed_in_a_row_that_was_saved_before()
    {
        await using var consumer = await ConsumeTogetherAsync(100, async (db, message, context, cancellationToken) =>
        {
            switch (message.Number)
            {
                case 60:
                    NoteIt.Add(db, message, context);
                    await db.SaveChangesAsync(cancellationToken);
                    break;
                case 61:
                    // Together with the one before it finds its row in the context, alone in the database.
                    var saved = db.Notes.Local.SingleOrDefault(note => note.Number == 60)
                        ?? await db.Notes.SingleAsync(note => note.Number == 60, cancellationToken);
                    saved.Attempt = 99;
                    break;
                case 62:
                    db.ChangeTracker.Clear();
                    break;
            }
        });

        await consumer.UntilCountAsync("inbox.handled", 100);
        Assert.Equal(1, await Arena.NotesAsync("attempt = 99"));
    }

    [Fact]
    public async Task A_handler_that_looks_for_what_earlier_ones_have_added_finds_it_and_the_queue_is_saved_one_by_one_from_then_on()
    {
        await using var consumer = await ConsumeTogetherAsync(1_000, CountThenAddAsync);

        await consumer.UntilCountAsync("inbox.handled", 1_000);
        Assert.Equal(1_000, await Arena.NotesAsync("text = number::text AND attempt = 1"));
        Assert.Single(consumer.Log.All, line => line.Contains("SaveTogether() is not for them", StringComparison.Ordinal));
        Assert.Equal(0, consumer.Counts["inbox.retried"]);
    }

    [Fact]
    public async Task So_does_one_whose_context_nobody_can_watch()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(100, i => $"k{i}");

        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Together(setup, CountThenAddAsync);
            setup.AddContext = services => services.AddScoped(_ => Arena.NewContext());
        });

        await consumer.UntilCountAsync("inbox.handled", 100);
        Assert.Equal(100, await Arena.NotesAsync("text = number::text AND attempt = 1"));
        await consumer.UntilLoggedAsync("AddDbContext");
    }

    [Fact]
    public async Task A_handler_that_saves_and_clears_the_change_tracker_by_itself_has_its_effect()
    {
        await using var consumer = await ConsumeTogetherAsync(100, async (db, message, context, cancellationToken) =>
        {
            NoteIt.Add(db, message, context);
            await db.SaveChangesAsync(cancellationToken);
            db.ChangeTracker.Clear();
        });

        await consumer.UntilCountAsync("inbox.handled", 100);
        Assert.Equal(100, await Arena.NotesAsync("attempt = 1"));
        Assert.Equal(0, consumer.Counts["inbox.retried"]);
    }

    [Fact]
    public async Task A_handler_that_rolls_back_to_a_savepoint_takes_no_effect_of_another_along()
    {
        await using var consumer = await ConsumeTogetherAsync(100, async (db, message, context, cancellationToken) =>
        {
            NoteIt.Add(db, message, context);
            if (message.Number == 70)
            {
                await db.Database.CurrentTransaction!.CreateSavepointAsync("attempt", cancellationToken);
                await db.SaveChangesAsync(cancellationToken);
                await db.Database.CurrentTransaction!.RollbackToSavepointAsync("attempt", cancellationToken);
            }
        });

        await consumer.UntilCountAsync("inbox.handled", 100);
        Assert.Equal(99, await Arena.NotesAsync("number <> 70 AND attempt = 1"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handler_that_removes_a_row_leaves_nothing_behind_that_a_later_one_finds(bool isThereBefore)
    {
        await Arena.Servers.ExecuteAsync("INSERT INTO note (message_id, text, number, attempt) VALUES (gen_random_uuid(), 'shared', -1, 0)");
        var id = await Arena.Servers.ScalarAsync<long>("SELECT id FROM note");
        await using var consumer = await ConsumeTogetherAsync(100, async (db, message, context, cancellationToken) =>
        {
            switch (message.Number)
            {
                case 49 when isThereBefore:
                    db.Update(new Note { Id = id, Text = "shared", Number = -1 });
                    break;
                case 50:
                    db.Remove(db.Notes.Local.FindEntry(id)?.Entity ?? new Note { Id = id, Text = "shared" });
                    break;
                case 51 when await db.Notes.FindAsync([id], cancellationToken) is { } found:
                    found.Attempt = 99;
                    return;
            }

            NoteIt.Add(db, message, context);
        });

        await consumer.UntilCountAsync("inbox.handled", 100);
        Assert.Equal(0, await Arena.NotesAsync("number = -1"));
        Assert.Equal(100, await Arena.NotesAsync());
    }

    /// <summary>A key is enough to refer to a row, or to change something of it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nor_does_one_that_attaches_a_row_without_having_read_it(bool changesIt)
    {
        await Arena.Servers.ExecuteAsync("INSERT INTO note (message_id, text, number, attempt) VALUES (gen_random_uuid(), 'shared', -1, 7)");
        var id = await Arena.Servers.ScalarAsync<long>("SELECT id FROM note");
        await using var consumer = await ConsumeTogetherAsync(100, async (db, message, context, cancellationToken) =>
        {
            switch (message.Number)
            {
                case 50 when changesIt:
                    db.Entry(new Note { Id = id, Text = "" }).Property(note => note.Key).IsModified = true;
                    break;
                case 50:
                    db.Attach(new Note { Id = id, Text = "" });
                    break;
                case 51:
                    var found = await db.Notes.FindAsync([id], cancellationToken);
                    found!.Attempt++;
                    break;
            }

            NoteIt.Add(db, message, context);
        });

        await consumer.UntilCountAsync("inbox.handled", 100);
        Assert.Equal(1, await Arena.NotesAsync("number = -1 AND text = 'shared' AND attempt = 8"));
        Assert.Equal(101, await Arena.NotesAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_handler_that_rolls_back_and_saves_then_commits_nothing_of_another(bool beginsAnother)
    {
        await using var consumer = await ConsumeTogetherAsync(100, async (db, message, context, cancellationToken) =>
        {
            if (message.Number == 50)
            {
                await db.Database.RollbackTransactionAsync(cancellationToken);
                await using var another = beginsAnother ? await db.Database.BeginTransactionAsync(cancellationToken) : null;
                NoteIt.Add(db, message, context);
                await db.SaveChangesAsync(cancellationToken);
                await (another?.CommitAsync(cancellationToken) ?? Task.CompletedTask);
                return;
            }

            NoteIt.Add(db, message, context);
        });

        await Arena.DeadLetterAsync();
        await consumer.UntilCountAsync("inbox.handled", 99);
        Assert.Equal(99, await Arena.NotesAsync());
        Assert.Equal(99, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note WHERE number <> 50"));
    }

    [Fact]
    public async Task What_a_save_looks_for_itself_is_no_exception()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(100, i => $"k{i}");

        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Together(setup, NoteIt.Default);
            setup.AddContext = services => services.AddDbContext<NotesContext>(options => options
                .UseNpgsql(setup.Postgres).AddInterceptors(new NumberingInterceptor()));
        });

        await consumer.UntilCountAsync("inbox.handled", 100);
        Assert.Equal(100, await Arena.NotesAsync("attempt = number"));
    }

    private static async Task CountThenAddAsync(NotesContext db, Noted message, MessageContext context, CancellationToken cancellationToken)
    {
        var earlier = await db.Notes.CountAsync(cancellationToken);
        NoteIt.Add(db, message with { Text = earlier.ToString(CultureInfo.InvariantCulture) }, context);
    }

    private async Task<RunningConsumer> ConsumeTogetherAsync(int messages, Handling handling)
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(messages, i => $"k{i}");
        return await Arena.ConsumeAsync(setup => Together(setup, handling));
    }

    private async Task ConsumeHundredAsync(Handling handling)
    {
        await Arena.DeclareAsync(RetryInAnHour);
        await Arena.PublishManyAsync(100, i => $"k{i}");

        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            Together(setup, handling);
        });

        await Arena.UntilNotesAsync(99);
        await UntilDeferredAsync();
        Assert.Equal(99, await Arena.NotesAsync("attempt = 1"));
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(1, consumer.Counts["inbox.retried"]);
    }

    private static void Together(ConsumerSetup setup, Handling handling)
    {
        setup.Settings["Inbox:Lanes"] = "1";
        setup.Handling = handling;
        setup.Queue = queue => queue.SaveTogether();
    }

    /// <summary>Numbers notes by how many there are, as a user's interceptor might.</summary>
    private sealed class NumberingInterceptor : SaveChangesInterceptor
    {
        public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            var db = (NotesContext)eventData.Context!;
            var earlier = await db.Notes.CountAsync(cancellationToken);
            foreach (var added in db.ChangeTracker.Entries<Note>().Where(entry => entry.State == EntityState.Added))
            {
                added.Entity.Attempt = earlier;
            }

            return result;
        }
    }
}
