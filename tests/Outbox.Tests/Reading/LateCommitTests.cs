using System.Diagnostics;
using Npgsql;

namespace Outbox.Tests.Reading;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class LateCommitTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    // How much later than the rows above it a row is committed.
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(5);

    private const string Insert =
        "INSERT INTO outbox_message (exchange, routing_key, type, key, body) VALUES ($1, 'notes.note-taken.v1', 'notes.note-taken.v1', 'late', convert_to('{\"number\":' || $2 || '}', 'UTF8'))";

    [Fact]
    public Task Rows_of_a_transaction_that_commits_after_higher_ids_were_sent_follow_within_a_second() => FollowsAsync(async (arena, late, others) =>
    {
        await using var transaction = await late.BeginTransactionAsync();
        await late.AddNoteAsync(arena, 1, "late");
        await others();
        await late.AddNoteAsync(arena, 2, "late");
        await transaction.CommitAsync();
    });

    [Fact]
    public Task Rows_of_a_paused_COPY_follow_too() => FollowsAsync(async (arena, late, others) =>
    {
        await using var copy = await late.BeginTextImportAsync("COPY outbox_message (exchange, routing_key, type, key, body) FROM STDIN");
        await copy.WriteAsync($$"""{{arena.Exchange}}	notes.note-taken.v1	notes.note-taken.v1	late	{"number":1}{{'\n'}}""");
        await copy.FlushAsync();
        await others();
        await copy.WriteAsync($$"""{{arena.Exchange}}	notes.note-taken.v1	notes.note-taken.v1	late	{"number":2}{{'\n'}}""");
        await copy.DisposeAsync();
    });

    [Fact]
    public Task Rows_delayed_by_a_slow_trigger_follow_too() => FollowsAsync(async (arena, late, others) =>
    {
        // The id is taken before the trigger runs; no transaction id has been given out by then.
        await arena.Arena.ExecuteAsync(
            """
            CREATE FUNCTION wait_for_others() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                PERFORM pg_advisory_lock(4711);
                PERFORM pg_advisory_unlock(4711);
                RETURN NEW;
            END
            $body$;
            CREATE TRIGGER wait_for_others BEFORE INSERT ON outbox_message FOR EACH ROW WHEN (NEW.key = 'late') EXECUTE FUNCTION wait_for_others();
            """);
        await using var gate = await arena.OpenAsync();
        await using var shut = new NpgsqlCommand("SELECT pg_advisory_lock(4711)", gate);
        await shut.ExecuteNonQueryAsync();
        await using var insert = new NpgsqlCommand(
            Insert.Replace("VALUES", "SELECT * FROM (VALUES", StringComparison.Ordinal) + ", ($1, 'notes.note-taken.v1', 'notes.note-taken.v1', 'late', convert_to('{\"number\":2}', 'UTF8'))) AS rows", late)
        {
            Parameters = { new() { Value = arena.Exchange }, new() { Value = "1" } },
        };
        var inserting = insert.ExecuteNonQueryAsync();
        await others();
        await using var open = new NpgsqlCommand("SELECT pg_advisory_unlock(4711)", gate);
        await open.ExecuteNonQueryAsync();
        await inserting;
    });

    [Fact]
    public Task Rows_whose_ids_were_taken_by_nextval_beforehand_follow_too() => FollowsAsync(async (arena, late, others) =>
    {
        await using var transaction = await late.BeginTransactionAsync();
        await using var take = new NpgsqlCommand("SELECT nextval(pg_get_serial_sequence('outbox_message', 'id'))", late);
        var id = (long)(await take.ExecuteScalarAsync())!;
        await others();
        await using var insert = new NpgsqlCommand(
            Insert.Replace("(exchange", "(id, exchange", StringComparison.Ordinal).Replace("VALUES ($1", $"OVERRIDING SYSTEM VALUE VALUES ({id}, $1", StringComparison.Ordinal), late)
        {
            Parameters = { new() { Value = arena.Exchange }, new() { Value = "1" } },
        };
        await insert.ExecuteNonQueryAsync();
        await late.AddNoteAsync(arena, 2, "late");
        await transaction.CommitAsync();
    });

    [Fact]
    public async Task Rows_of_a_prepared_transaction_follow_too()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.AddNotesAsync(1, 1);
        await using (var late = await arena.OpenAsync())
        {
            await using var begin = new NpgsqlCommand("BEGIN", late);
            await begin.ExecuteNonQueryAsync();
            await late.AddNoteAsync(arena, 1, "late");
            await using var prepare = new NpgsqlCommand($"PREPARE TRANSACTION '{arena.Arena.Name}'", late);
            await prepare.ExecuteNonQueryAsync();
        }

        await using var tap = await arena.OpenTapAsync();
        await arena.StartRelayAsync(("Outbox:PollInterval", "1min"));
        await arena.AddNotesAsync(100, 300, _ => "others");
        await tap.ReadUntilAsync(301, Deadline);

        await arena.Arena.ExecuteAsync($"COMMIT PREPARED '{arena.Arena.Name}'");

        await tap.ReadUntilAsync(302, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Rows_of_a_transaction_that_was_open_at_the_take_over_follow_too()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await using var late = await arena.OpenAsync();
        await using var transaction = await late.BeginTransactionAsync();
        await late.AddNoteAsync(arena, 1, "late");
        await arena.AddNotesAsync(100, 50, _ => "others");
        await arena.StartRelayAsync(("Outbox:PollInterval", "1min"));
        await tap.ReadUntilAsync(50, Deadline);
        await arena.AddNotesAsync(150, 50, _ => "others");
        await tap.ReadUntilAsync(100, Deadline);

        await transaction.CommitAsync();

        var deliveries = await tap.ReadUntilAsync(101, TimeSpan.FromSeconds(10));
        Assert.Equal([1], deliveries.FirstArrivals("late"));
    }

    private async Task FollowsAsync(Func<OutboxArena, NpgsqlConnection, Func<Task>, Task> commitLate)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        // Neither the poll nor the minute's look everywhere is to find the rows.
        await arena.StartRelayAsync(("Outbox:PollInterval", "1min"));
        // The first nextval of a sequence takes a transaction id, those that follow do not: nothing but the sequence's lock
        // tells then that somebody holds an id.
        var usual = Stopwatch.StartNew();
        await arena.AddNotesAsync(1_000, 3);
        await tap.ReadUntilAsync(3, Deadline);
        usual.Stop();
        await arena.IsAsleepAsync();
        await using var late = await arena.OpenAsync();

        var passed = 0;
        var ids = await NextIdAsync(arena);
        await commitLate(arena, late, async () =>
        {
            await Eventually.IsTrueAsync(async () => await NextIdAsync(arena) > ids, Deadline, "an id was taken");
            for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < Late; passed += 50)
            {
                await arena.AddNotesAsync(100 + passed, 50, _ => "others");
                await Eventually.EqualsAsync(0L, () => arena.CountAsync("key = 'others' AND sent_at IS NULL"), Deadline, "the others were sent");
            }

            // Thousands have passed by now: reading them is not to count as waiting.
            await tap.ReadUntilAsync(passed + 3, Deadline);
        });

        var committed = Stopwatch.GetTimestamp();
        var deliveries = await tap.ReadUntilAsync(passed + 5, Deadline);
        var taken = Stopwatch.GetElapsedTime(committed);
        // A second more than rows take on this machine that are not late.
        Assert.True(taken < TimeSpan.FromSeconds(1) + (5 * usual.Elapsed), $"It took {taken}; rows that are not late take {usual.Elapsed}.");
        Assert.Equal([1, 2], deliveries.FirstArrivals("late"));
        Assert.Equal(Enumerable.Range(100, passed), deliveries.FirstArrivals("others"));
    }

    private static Task<long> NextIdAsync(OutboxArena arena) =>
        arena.Arena.ScalarAsync<long>("SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END FROM outbox_message_id_seq");
}
