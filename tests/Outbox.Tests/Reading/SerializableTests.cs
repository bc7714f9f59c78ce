using System.Data;
using Npgsql;

namespace Outbox.Tests.Reading;

/// <summary>The database makes everybody's transactions serializable.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SerializableTests(ServersFixture servers)
{
    [Fact]
    public async Task A_read_costs_no_producer_its_transaction()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync($"ALTER DATABASE {arena.Arena.Name} SET default_transaction_isolation = 'serializable'");
        await using var reader = await ReaderUnderTest.OpenAsync(arena);
        await using var producer = await arena.OpenAsync();
        await using var transaction = await producer.BeginTransactionAsync(IsolationLevel.Serializable);
        await ExecuteAsync(producer, "SELECT count(*) FROM note");
        await using var another = await arena.OpenAsync();
        await using var before = await another.BeginTransactionAsync(IsolationLevel.Serializable);
        await ExecuteAsync(another, "INSERT INTO note VALUES (gen_random_uuid(), 'text')");
        await before.CommitAsync();

        Assert.False(await reader.ReadAsync());

        await producer.AddNoteAsync(arena, 1, null);
        await transaction.CommitAsync();
        Assert.True(await reader.ReadAsync());
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
