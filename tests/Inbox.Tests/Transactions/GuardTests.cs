using Microsoft.EntityFrameworkCore;

namespace Inbox.Tests.Transactions;

public sealed class GuardTests(ServersFixture servers) : ArenaTests(servers)
{
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

    [Theory]
    [InlineData("through EF")]
    [InlineData("in SQL")]
    [InlineData("and begins anew")]
    public async Task A_handler_that_commits_by_itself_becomes_a_dead_letter_at_once(string how)
    {
        var calls = 0;
        await using var consumer = await Arena.ConsumeAsync(setup => setup.Handling = async (db, message, context, cancellationToken) =>
        {
            Interlocked.Increment(ref calls);
            NoteIt.Add(db, message, context);
            await db.SaveChangesAsync(cancellationToken);
            if (how == "through EF")
            {
                await db.Database.CurrentTransaction!.CommitAsync(cancellationToken);
            }
            else
            {
                await db.Database.ExecuteSqlRawAsync("COMMIT", cancellationToken);
            }

            if (how == "and begins anew")
            {
                await db.Database.ExecuteSqlRawAsync("BEGIN", cancellationToken);
            }
        });

        await Arena.PublishAsync(new Noted("mine"));

        var dead = await Arena.DeadLetterAsync();
        Assert.Equal("Inbox.HandlerEndedTransactionException", dead.Headers["x-last-error-type"]);
        Assert.Equal(1, calls);
        Assert.Equal(1, await Arena.NotesAsync());
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
}
