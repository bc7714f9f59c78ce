using Microsoft.EntityFrameworkCore;

namespace Inbox.Tests.Transactions;

public sealed class LockWaitTests(ServersFixture servers) : ArenaTests(servers)
{
    [Fact]
    public async Task A_row_that_somebody_else_holds_for_longer_than_a_handler_may_take_costs_no_attempt()
    {
        await Arena.Servers.ExecuteAsync("INSERT INTO note (message_id, text, number, attempt) VALUES (gen_random_uuid(), 'shared', 0, 0)");
        await using var other = Arena.NewContext();
        await using var holding = await other.Database.BeginTransactionAsync();
        await other.Notes.ExecuteUpdateAsync(note => note.SetProperty(shared => shared.Number, 1));
        var calls = 0;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
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
}
