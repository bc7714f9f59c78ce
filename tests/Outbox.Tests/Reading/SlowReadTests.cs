using Npgsql;
using Outbox.Relay;

namespace Outbox.Tests.Reading;

/// <summary>A read that walks many dead entries takes a second or more; what it saw as waiting may be settled before it ends.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SlowReadTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    // Each row that is read through it waits until the gate is open, while the statement keeps its snapshot.
    private const string Gate =
        """
        CREATE SCHEMA slow;
        CREATE FUNCTION slow.passed() RETURNS bool LANGUAGE plpgsql AS $body$
        BEGIN
            PERFORM pg_advisory_lock_shared(4711);
            PERFORM pg_advisory_unlock_shared(4711);
            RETURN true;
        END
        $body$;
        CREATE VIEW slow.outbox_message AS SELECT * FROM public.outbox_message WHERE slow.passed();
        """;

    [Fact]
    public Task A_row_that_was_marked_meanwhile_is_not_published_again() => IsNotTakenAgainAsync("sent_at = now()", (lookahead, row) =>
    {
        lookahead.Confirmed(row);
        lookahead.Marked([row.Id]);
    });

    [Fact]
    public Task Nor_is_one_that_was_parked() => IsNotTakenAgainAsync(
        "parked_at = now(), attempts = 10", (lookahead, row) => lookahead.Gone(row));

    [Fact]
    public Task Nor_is_one_that_was_deferred() => IsNotTakenAgainAsync(
        "due_at = now() + interval '1 hour', attempts = 1", (lookahead, row) => lookahead.Deferred(row));

    [Fact]
    public async Task A_look_through_all_that_was_ever_passed_may_take_longer_than_the_lease()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync(Gate);
        await arena.AddNotesAsync(1, 1);
        await using var gate = await arena.OpenAsync();
        await using var reader = await ReaderUnderTest.OpenAsync(arena, search: "slow, public", commandTimeout: 1);
        reader.Pulse.Busy(TimeSpan.FromSeconds(1));

        await ExecuteAsync(gate, "SELECT pg_advisory_lock(4711)");
        var reading = reader.ReadAsync();
        await WaitsAsync(arena);
        await ExecuteAsync(gate, "SELECT pg_sleep(1.5)");
        reader.Clock.Shift = TimeSpan.FromMinutes(5);
        Assert.False(reader.Pulse.IsStuck);
        await ExecuteAsync(gate, "SELECT pg_advisory_unlock(4711)");

        Assert.True(await reading);
    }

    private async Task IsNotTakenAgainAsync(string settle, Action<Lookahead, OutboxRow> tell)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync(Gate);
        await arena.AddNotesAsync(1, 1, _ => "key");
        await using var gate = await arena.OpenAsync();
        await using var reader = await ReaderUnderTest.OpenAsync(arena, search: "slow, public");
        Assert.True(await reader.ReadAsync());
        Assert.True(reader.Lookahead.TryTake(out var row));

        // The minute's look reads below the cursor too.
        reader.Clock.Shift = TimeSpan.FromMinutes(2);
        await ExecuteAsync(gate, "SELECT pg_advisory_lock(4711)");
        var reading = reader.ReadAsync();
        await WaitsAsync(arena);
        await arena.Arena.ExecuteAsync($"UPDATE outbox_message SET {settle}");
        tell(reader.Lookahead, row);
        await ExecuteAsync(gate, "SELECT pg_advisory_unlock(4711)");

        Assert.False(await reading);
        Assert.False(reader.Lookahead.TryTake(out _));
    }

    private static Task WaitsAsync(OutboxArena arena) => Eventually.IsTrueAsync(
        () => arena.Arena.ScalarAsync<bool>(
            """
            SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
            """),
        Deadline, "the read waits");

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
