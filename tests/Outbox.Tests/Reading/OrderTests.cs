using Npgsql;

namespace Outbox.Tests.Reading;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class OrderTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Consecutive_transactions_of_one_key_by_different_connections_are_never_inverted()
    {
        const int Keys = 6;
        const int MessagesOfKey = 3_400;
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        // Small pages: the more boundaries, the more chances to invert.
        await arena.StartRelayAsync(("Outbox:BatchSize", "50"));
        using var done = new CancellationTokenSource();
        var disturbers = Enumerable.Range(0, 3).Select(seed => DisturbAsync(arena, seed, done.Token)).ToArray();

        await Task.WhenAll(Enumerable.Range(0, Keys).Select(key => ProduceAsync(arena, key, MessagesOfKey)));
        await done.CancelAsync();
        await Task.WhenAll(disturbers);

        await arena.AllSentAsync(Deadline);
        var deliveries = await tap.ReadUntilAsync((int)await arena.CountAsync("true"), Deadline);
        Assert.All(Enumerable.Range(0, Keys), key => Assert.Equal(Enumerable.Range(1, MessagesOfKey), deliveries.FirstArrivals($"k{key}")));
        Assert.Equal(0, await arena.CountAsync("sent_at IS NULL"));
    }

    private static async Task ProduceAsync(OutboxArena arena, int key, int count)
    {
        await using var first = await OpenFastAsync(arena);
        await using var second = await OpenFastAsync(arena);
        await using var third = await OpenFastAsync(arena);
        NpgsqlConnection[] connections = [first, second, third];
        for (var number = 1; number <= count; number++)
        {
            await connections[number % 3].AddNoteAsync(arena, number, $"k{key}");
        }
    }

    /// <summary>Others who take ids and commit them a moment later, so that reads skip them.</summary>
    private static async Task DisturbAsync(OutboxArena arena, int seed, CancellationToken done)
    {
        var random = new Random(seed);
        await using var connection = await OpenFastAsync(arena);
        for (var number = 1; !done.IsCancellationRequested; number++)
        {
            await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            await connection.AddNoteAsync(arena, number, null);
            await using var pause = new NpgsqlCommand($"SELECT pg_sleep({random.Next(0, 12)} / 1000.0)", connection);
            await pause.ExecuteNonQueryAsync(CancellationToken.None);
            await transaction.CommitAsync(CancellationToken.None);
        }
    }

    private static async Task<NpgsqlConnection> OpenFastAsync(OutboxArena arena)
    {
        var connection = await arena.OpenAsync();
        await using var command = new NpgsqlCommand("SET synchronous_commit = off", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
