using Npgsql;

namespace Outbox.Tests.Reading;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class OrderTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    [Fact]
    public Task Consecutive_transactions_of_one_key_by_different_connections_are_never_inverted() => AreNeverInvertedAsync(messages: 3_000);

    [Fact]
    [Trait("Speed", "slow")]
    public Task Consecutive_transactions_of_one_key_are_never_inverted_in_twenty_thousand_messages() => AreNeverInvertedAsync(messages: 20_010);

    private async Task AreNeverInvertedAsync(int messages)
    {
        const int Keys = 10;
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        // The further the relay is from the database, the more is committed between two statements of it; transactions stay
        // open for as long as several reads take.
        var address = new NpgsqlConnectionStringBuilder(arena.Arena.Postgres);
        await using var network = TcpProxy.Start(address.Host!, address.Port);
        (address.Host, address.Port) = ("127.0.0.1", network.Port);
        network.Delay = TimeSpan.FromMilliseconds(10);
        await arena.StartRelayAsync(("ConnectionStrings:Postgres", address.ConnectionString), ("Outbox:BatchSize", "100"));
        await arena.IsOwnedAsync();
        using var done = new CancellationTokenSource();
        var disturbers = Enumerable.Range(0, 3).Select(seed => DisturbAsync(arena, seed, done.Token)).ToArray();

        await Task.WhenAll(Enumerable.Range(0, Keys).Select(key => ProduceAsync(arena, $"k{key}", messages / Keys)));
        await done.CancelAsync();
        await Task.WhenAll(disturbers);

        await arena.AllSentAsync(Deadline);
        var deliveries = await tap.ReadUntilAsync((int)await arena.CountAsync("true"), Deadline);
        Assert.All(Enumerable.Range(0, Keys), key => Assert.Equal(Enumerable.Range(1, messages / Keys), deliveries.FirstArrivals($"k{key}")));
    }

    /// <summary>Three transactions, each begun when the one before has committed: the first takes its id some time before it
    /// commits, so that reads skip it, and the two others follow it at once.</summary>
    private static async Task ProduceAsync(OutboxArena arena, string key, int count)
    {
        await using var first = await OpenFastAsync(arena);
        await using var second = await OpenFastAsync(arena);
        await using var third = await OpenFastAsync(arena);
        var random = new Random(key.GetHashCode(StringComparison.Ordinal));
        for (var number = 1; number <= count; number += 3)
        {
            await using (var transaction = await first.BeginTransactionAsync())
            {
                await first.AddNoteAsync(arena, number, key);
                await using var pause = new NpgsqlCommand($"SELECT pg_sleep({random.Next(0, 200)} / 1000.0)", first);
                await pause.ExecuteNonQueryAsync();
                await transaction.CommitAsync();
            }

            await second.AddNoteAsync(arena, number + 1, key);
            await third.AddNoteAsync(arena, number + 2, key);
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
