using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox.Tests.Transactions;

public sealed class GuardTests(ServersFixture servers) : ArenaTests(servers)
{
    /// <summary>Npgsql's keepalive finds out that a session is gone while the handler waits for something else, so that no command fails;
    /// and what opens a connection that it finds closed, as Dapper does, would write outside of the unit of work.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_that_is_lost_while_a_handler_waits_for_something_else_doubles_no_effect(bool pooled)
    {
        var lost = 0;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Postgres += ";Keepalive=1";
            if (pooled)
            {
                setup.AddContext = services => services.AddDbContextPool<NotesContext>(options => options.UseNpgsql(setup.Postgres), poolSize: 1);
            }

            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                var connection = db.Database.GetDbConnection();
                if (Interlocked.Exchange(ref lost, 1) == 0)
                {
                    await Arena.EndSessionOfAsync(db);
                    await Eventually.IsTrueAsync(() => connection.State != ConnectionState.Open, TimeSpan.FromSeconds(10), "it is known to be lost");
                }

                var wasOpen = connection.State == ConnectionState.Open;
                if (!wasOpen)
                {
                    await connection.OpenAsync(cancellationToken);
                }

                await using var command = connection.CreateCommand();
                command.CommandText = $"INSERT INTO note (message_id, text, number, attempt) VALUES ('{context.MessageId}', 'by hand', 0, {context.Attempt})";
                await command.ExecuteNonQueryAsync(cancellationToken);
                if (!wasOpen)
                {
                    await connection.CloseAsync();
                }
            };
        });

        await Arena.PublishAsync(new Noted("once"));
        await consumer.UntilCountAsync("inbox.handled", 1);
        Assert.Equal(1, await Arena.NotesAsync());

        await Arena.PublishManyAsync(20, i => $"k{i}");
        await Arena.UntilNotesAsync(21);
    }

    [Theory]
    [InlineData("SaveChanges")]
    [InlineData("raw SQL")]
    public async Task A_handler_that_swallows_a_database_error_is_not_acked_but_retried(string kind)
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                await db.SaveChangesAsync(cancellationToken);
                try
                {
                    if (kind == "SaveChanges")
                    {
                        NoteIt.Add(db, message with { Text = new string('x', 101) }, context);
                        await db.SaveChangesAsync(cancellationToken);
                    }
                    else
                    {
                        await db.Database.ExecuteSqlAsync($"SELECT 1 / 0", cancellationToken);
                    }
                }
                catch (Exception)
                {
                    db.ChangeTracker.Clear();
                }
            };
        });

        await Arena.PublishAsync(new Noted("swallowed"));

        await UntilDeferredAsync();
        Assert.Equal(0, await Arena.NotesAsync());
        Assert.Equal(0, consumer.Counts["inbox.handled"]);
    }

    [Fact]
    public async Task A_handler_that_swallows_a_conflict_is_not_acked_though_the_database_knows_of_no_error()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                db.Entry(new Note { Id = -1, Text = "nobody has this row" }).State = EntityState.Modified;
                try
                {
                    await db.SaveChangesAsync(cancellationToken);
                }
                catch (DbUpdateConcurrencyException)
                {
                    db.ChangeTracker.Clear();
                }
            };
        });

        await Arena.PublishAsync(new Noted("half an effect"));

        await UntilDeferredAsync();
        Assert.Equal(0, await Arena.NotesAsync());
        Assert.Equal(0, consumer.Counts["inbox.handled"]);
    }

    [Theory]
    [InlineData("fails", true)]
    [InlineData("fails", false)]
    [InlineData("is cancelled", true)]
    [InlineData("is cancelled", false)]
    [InlineData("is cancelled", true, true)]
    public async Task Nor_is_one_that_swallows_a_save_that_ended_before_all_of_it_was_sent(string how, bool forgetsAll, bool madeByHand = false)
    {
        CancellationTokenSource? patience = null;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            var interceptor = new EndAtSecond(() =>
            {
                patience!.Cancel();
                throw how == "fails" ? new InvalidOperationException("not sent") : new OperationCanceledException(patience.Token);
            });
            void Options(DbContextOptionsBuilder options) =>
                options.UseNpgsql(setup.Postgres, npgsql => npgsql.MaxBatchSize(1)).AddInterceptors(interceptor);
            setup.AddContext = services => _ = madeByHand
                ? services.AddScoped(_ =>
                {
                    var options = new DbContextOptionsBuilder<NotesContext>();
                    Options(options);
                    return new NotesContext(options.Options);
                })
                : services.AddDbContext<NotesContext>(Options);
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                patience = new CancellationTokenSource();
                NoteIt.Add(db, message, context);
                NoteIt.Add(db, message with { Text = "second" }, context);
                try
                {
                    await db.SaveChangesAsync(how == "fails" ? cancellationToken : patience.Token);
                }
                catch (Exception exception) when (exception is DbUpdateException or OperationCanceledException)
                {
                    if (forgetsAll)
                    {
                        db.ChangeTracker.Clear();
                    }
                    else
                    {
                        db.Entry(db.Notes.Local.Single(note => note.Text == "second")).State = EntityState.Detached;
                    }
                }
            };
        });

        await Arena.PublishAsync(new Noted("first"));

        await UntilDeferredAsync();
        Assert.Equal(0, await Arena.NotesAsync());
        Assert.Equal(0, consumer.Counts["inbox.handled"]);
    }

    [Theory]
    [InlineData("returns")]
    [InlineData("saves by itself")]
    public async Task A_handler_that_swallows_a_lost_connection_writes_nothing_outside_of_the_unit_of_work(string then)
    {
        var ended = 0;
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(20, _ => "k");
        await using var consumer = await Arena.ConsumeAsync(setup => setup.Handling = async (db, message, context, cancellationToken) =>
        {
            if (message.Number == 10 && Interlocked.Increment(ref ended) <= 2)
            {
                await Arena.EndSessionOfAsync(db);
                try
                {
                    await db.Notes.CountAsync(cancellationToken);
                }
                catch (Exception)
                {
                    // What it asked for was not important to it.
                }
            }

            NoteIt.Add(db, message, context);
            if (then == "saves by itself")
            {
                await db.SaveChangesAsync(cancellationToken);
            }
        });

        await consumer.UntilCountAsync("inbox.handled", 20);
        Assert.Equal(20, await Arena.NotesAsync("attempt = 1"));
        Assert.Equal(20, await Arena.NotesAsync());
        Assert.Equal(0, consumer.Counts["inbox.dead_lettered"]);
    }

    [Theory]
    [InlineData(1, "COMMIT")]
    [InlineData(1, "ROLLBACK")]
    [InlineData(1, "COMMIT", "BEGIN")]
    [InlineData(1, "ROLLBACK", "BEGIN")]
    // That there is another transaction without a moment between is known only before COMMIT, and not by whom.
    [InlineData(2, "ROLLBACK AND CHAIN")]
    [InlineData(1, "through EF")]
    public async Task A_handler_that_ends_the_transaction_by_itself_is_a_dead_letter_at_once_and_spoils_no_neighbour(int runs, params string[] how)
    {
        var calls = 0;
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(100, _ => "k");
        await using var consumer = await Arena.ConsumeAsync(setup => setup.Handling = async (db, message, context, cancellationToken) =>
        {
            NoteIt.Add(db, message, context);
            if (message.Number != 50)
            {
                return;
            }

            calls++;
            await db.SaveChangesAsync(cancellationToken);
            foreach (var step in how)
            {
                if (step == "through EF")
                {
                    await db.Database.CurrentTransaction!.CommitAsync(cancellationToken);
                }
                else
                {
                    await db.Database.ExecuteSqlRawAsync(step, cancellationToken);
                }
            }
        });

        await Arena.DeadLetterAsync();
        await Arena.UntilNotesAsync(99);
        Assert.Equal(runs, calls);
        Assert.Equal(0, await Arena.NotesAsync("number = 50"));
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(99, await Arena.NotesAsync());
        Assert.Equal(0u, await Arena.MessagesAsync(Arena.DeadQueue));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task Nor_is_one_run_again_that_deadlocks_after_it(int messages)
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(messages, _ => "k");
        await using var consumer = await Arena.ConsumeAsync(setup => setup.Handling = async (db, message, context, cancellationToken) =>
        {
            NoteIt.Add(db, message, context);
            if (message.Number != messages - 1)
            {
                return;
            }

            string[] steps =
            [
                "ROLLBACK",
                "INSERT INTO note (message_id, text, number, attempt) VALUES (gen_random_uuid(), 'on its own', 0, 0)",
                "DO 'BEGIN RAISE deadlock_detected; END'",
            ];
            foreach (var step in steps)
            {
                await using var command = db.Database.GetDbConnection().CreateCommand();
                command.CommandText = step;
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        });

        await Arena.DeadLetterAsync();
        await Arena.UntilNotesAsync(messages);
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(1, await Arena.NotesAsync("text = 'on its own'"));
    }

    [Fact]
    public async Task A_handler_that_has_the_guard_of_the_inbox_checked_early_is_a_dead_letter_at_once()
    {
        var calls = 0;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                calls++;
                NoteIt.Add(db, message, context);
                await db.Database.ExecuteSqlRawAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellationToken);
            };
        });

        await Arena.PublishAsync(new Noted("early"));

        await Arena.DeadLetterAsync();
        Assert.Equal(1, calls);
        Assert.Equal(0, await Arena.NotesAsync());
    }

    [Fact]
    public async Task A_handler_that_turns_synchronous_commit_off_is_not_committed()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                await db.Database.ExecuteSqlRawAsync("SET LOCAL synchronous_commit = off", cancellationToken);
            };
        });

        await Arena.PublishAsync(new Noted("careless"));

        await UntilDeferredAsync();
        Assert.Equal(0, await Arena.NotesAsync());
    }

    /// <summary>Ends the saving of the note with the text "second" before it is sent.</summary>
    private sealed class EndAtSecond(Action end) : DbCommandInterceptor
    {
        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (command.Parameters.Cast<DbParameter>().Any(parameter => parameter.Value is "second"))
            {
                end();
            }

            return new(result);
        }
    }
}
