using System.Data;
using Npgsql;

namespace Outbox.Tests.Reading;

/// <summary>A large transaction stays open and leaves ids between those that others commit meanwhile.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class OpenTransactionTests(ServersFixture servers)
{
    private const int Rows = 3_000;

    [Fact]
    public async Task What_others_commit_meanwhile_is_not_walked_by_each_read()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await using var open = await arena.OpenAsync();
        await using var transaction = await open.BeginTransactionAsync();
        for (var number = 0; number < Rows; number++)
        {
            await open.AddNoteAsync(arena, number, null);
            await arena.InsertAsync();
        }

        await reader.SendAllAsync(arena);
        var walked = await reader.WalkedAsync(arena);
        for (var read = 0; read < 10; read++)
        {
            Assert.False(await reader.ReadAsync());
        }

        walked = await reader.WalkedAsync(arena) - walked;
        Assert.True(walked < Rows, $"Ten reads walked {walked} entries.");

        await transaction.CommitAsync();
        Assert.Equal(Rows, await reader.SendAllAsync(arena));
    }

    [Fact]
    public async Task One_that_has_only_looked_at_the_sequence_does_not_have_each_read_walk_what_was_passed_before_a_take_over()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var open = await arena.OpenAsync();
        await using var transaction = await open.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        await using var look = new NpgsqlCommand("SELECT count(*) FROM pg_sequences", open);
        await look.ExecuteNonQueryAsync();
        await arena.AddBacklogAsync(Rows);
        await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = now()");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        Assert.False(await reader.ReadAsync());

        var walked = await reader.WalkedAsync(arena);
        for (var read = 0; read < 10; read++)
        {
            Assert.False(await reader.ReadAsync());
        }

        walked = await reader.WalkedAsync(arena) - walked;
        Assert.True(walked < Rows, $"Ten reads walked {walked} entries.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_row_of_one_that_had_written_nothing_when_it_was_last_seen_is_found(bool seenAgain)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await using var open = await arena.OpenAsync();
        await using var transaction = await open.BeginTransactionAsync();
        await using var take = new NpgsqlCommand("SELECT nextval(pg_get_serial_sequence('outbox_message', 'id'))", open);
        var id = (long)(await take.ExecuteScalarAsync())!;
        await arena.AddBacklogAsync(10);
        Assert.Equal(10, await reader.SendAllAsync(arena));
        Assert.False(await reader.ReadAsync());

        await using var insert = new NpgsqlCommand(
            $"INSERT INTO outbox_message (id, exchange, routing_key, type, body) OVERRIDING SYSTEM VALUE VALUES ({id}, 'e', 'r', 't', '')", open);
        await insert.ExecuteNonQueryAsync();
        if (seenAgain)
        {
            Assert.False(await reader.ReadAsync());
        }

        await transaction.CommitAsync();
        Assert.True(await reader.ReadAsync());

        Assert.Equal([id], reader.TakeAll().Select(row => row.Id));
    }

    [Fact]
    public async Task A_row_of_it_comes_before_a_later_one_of_its_key_that_the_same_read_finds()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await using var open = await arena.OpenAsync();
        await using var transaction = await open.BeginTransactionAsync();
        await open.AddNoteAsync(arena, 1, "key");
        await arena.AddNotesAsync(100, 1);
        await reader.SendAllAsync(arena);
        Assert.False(await reader.ReadAsync());

        // The reader has not heard of the end of the transaction when the next one of its key commits.
        await transaction.CommitAsync();
        await arena.AddNotesAsync(2, 1, _ => "key");
        Assert.True(await reader.ReadAsync());

        var ids = reader.TakeAll().Select(row => row.Id).ToArray();
        Assert.Equal(2, ids.Length);
        Assert.True(ids[0] < ids[1]);
    }

    [Fact]
    public async Task Its_rows_follow_when_it_was_prepared_first()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await using (var open = await arena.OpenAsync())
        {
            await using var begin = new NpgsqlCommand("BEGIN", open);
            await begin.ExecuteNonQueryAsync();
            await open.AddNoteAsync(arena, 1, null);
            await arena.InsertAsync();
            Assert.Equal(1, await reader.SendAllAsync(arena));
            await using var prepare = new NpgsqlCommand($"PREPARE TRANSACTION '{arena.Arena.Name}'", open);
            await prepare.ExecuteNonQueryAsync();
        }

        for (var read = 0; read < 3; read++)
        {
            Assert.False(await reader.ReadAsync());
        }

        await arena.Arena.ExecuteAsync($"COMMIT PREPARED '{arena.Arena.Name}'");
        Assert.Equal(1, await reader.SendAllAsync(arena));
    }
}
