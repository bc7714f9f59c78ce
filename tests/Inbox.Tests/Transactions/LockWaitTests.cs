using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Inbox.Tests.Transactions;

public sealed class LockWaitTests(ServersFixture servers) : ArenaTests(servers)
{
    [Theory]
    [InlineData("")]
    // A bound that the server sets for everybody, below the wait for a lock.
    [InlineData(";Options=-c statement_timeout=500")]
    public async Task A_row_that_somebody_else_holds_for_longer_than_a_handler_may_take_costs_no_attempt(string session)
    {
        await Arena.Servers.ExecuteAsync("INSERT INTO note (message_id, text, number, attempt) VALUES (gen_random_uuid(), 'shared', 0, 0)");
        await using var other = Arena.NewContext();
        await using var holding = await other.Database.BeginTransactionAsync();
        await other.Notes.ExecuteUpdateAsync(note => note.SetProperty(shared => shared.Number, 1));
        var calls = 0;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Postgres += session;
            setup.Settings["Inbox:HandlerTimeout"] = "3s";
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                Interlocked.Increment(ref calls);
                NoteIt.Add(db, message, context);
                await db.Notes.Where(note => note.Text == "shared")
                    .ExecuteUpdateAsync(note => note.SetProperty(shared => shared.Number, shared => shared.Number + 1), cancellationToken);
            };
        });

        await Arena.PublishAsync(new Noted("waits"));
        await Eventually.IsTrueAsync(() => Volatile.Read(ref calls) > 5, TimeSpan.FromSeconds(20), "calls that have waited for the row");
        await holding.CommitAsync();

        await consumer.UntilCountAsync("inbox.handled", 1);
        Assert.Equal(1, await Arena.NotesAsync("text = 'shared' AND number = 2"));
        Assert.Equal(1, await Arena.NotesAsync("text = 'waits' AND attempt = 1"));
        Assert.Equal(0, consumer.Counts["inbox.retried"]);
    }

    [Fact]
    public async Task Another_process_that_has_the_message_in_hand_is_waited_for_longer_than_a_command_may_take()
    {
        var id = Guid.CreateVersion7();
        await using var other = Arena.NewContext();
        await using var handling = await other.Database.BeginTransactionAsync();
        await other.Database.ExecuteSqlAsync(
            $"INSERT INTO inbox_message (consumer, message_id, body_hash) VALUES ({Arena.Queue}, {id}, '')");
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Settings["Inbox:HandlerTimeout"] = "1min";
            setup.Postgres += ";Command Timeout=1";
        });

        await Arena.PublishAsync(new Noted("waits"), id: id);
        await Eventually.EqualsAsync(
            1L,
            () => Arena.Servers.ScalarAsync<long>(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '2 s'
                """),
            TimeSpan.FromSeconds(20),
            "consumers that have waited for 2 s");
        await handling.RollbackAsync();

        await Arena.UntilNotesAsync(1);
        Assert.DoesNotContain(consumer.Log.All, line => line.Contains("pauses", StringComparison.Ordinal));
    }

    [Fact]
    public async Task However_often_its_locks_are_waited_for_the_message_is_not_charged()
    {
        var id = Guid.CreateVersion7();
        await using var other = Arena.NewContext();
        await using var handling = await other.Database.BeginTransactionAsync();
        await other.Database.ExecuteSqlAsync(
            $"INSERT INTO inbox_message (consumer, message_id, body_hash) VALUES ({Arena.Queue}, {id}, '')");
        var begun = new BegunTransactions();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Settings["Inbox:HandlerTimeout"] = "1s";
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.AddContext = services => services.AddDbContext<NotesContext>(options => options.UseNpgsql(setup.Postgres).AddInterceptors(begun));
        });

        await Arena.PublishAsync(new Noted("waits"), id: id);
        // Of a handler that waits for locks, ten are no fault of the message.
        await Eventually.IsTrueAsync(() => begun.Count > 15, TimeSpan.FromSeconds(30), "tries");
        await handling.RollbackAsync();

        await consumer.UntilCountAsync("inbox.handled", 1);
        Assert.Equal(1, await Arena.NotesAsync("attempt = 1"));
        Assert.Equal(0, consumer.Counts["inbox.retried"]);
    }

    [Fact]
    public async Task A_lock_on_the_inbox_that_nobody_lets_go_of_shows_in_health_and_log_and_charges_no_message()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Settings["Inbox:HandlerTimeout"] = "1s";
        });
        await using var other = Arena.NewContext();
        await using var locking = await other.Database.BeginTransactionAsync();
        await other.Database.ExecuteSqlRawAsync("LOCK TABLE inbox_message");

        await Arena.PublishAsync(new Noted("waits"));

        await consumer.UntilLoggedAsync("longer than a handler may take");
        var health = await consumer.HealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.Contains("a lock on inbox_message", health.Entries["consumers"].Description, StringComparison.Ordinal);
        await locking.RollbackAsync();
        await consumer.UntilCountAsync("inbox.handled", 1);
        await consumer.UntilReadyAsync();
        Assert.Equal(1, await Arena.NotesAsync("attempt = 1"));
    }

    [Fact]
    public async Task A_handler_that_never_gets_its_lock_is_charged_in_the_end_and_its_key_goes_on()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                if (message.Text == "locked out")
                {
                    await db.Database.ExecuteSqlRawAsync("DO 'BEGIN RAISE lock_not_available; END'", cancellationToken);
                }
            };
        });

        await Arena.PublishAsync(new Noted("locked out"), key: "k");
        await Arena.PublishAsync(new Noted("next"), key: "k");

        await UntilDeferredAsync();
        await Arena.UntilNotesAsync(1);
        Assert.Equal(1, await Arena.NotesAsync("text = 'next' AND attempt = 1"));
    }

    private sealed class BegunTransactions : DbTransactionInterceptor
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public override ValueTask<DbTransaction> TransactionStartedAsync(
            DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _count);
            return new(result);
        }
    }
}
