using Servers;

namespace OrderService.Tests.Database;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class UnfitDatabaseTests(ServersFixture servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_database_that_may_lose_what_it_commits_ends_the_role_api_too_and_says_why()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync($"ALTER DATABASE {arena.Arena.Name} SET synchronous_commit = off");

        await EndsAsync(arena, arena.Arena.Postgres, "synchronous_commit=off");
    }

    [PgBouncerFact]
    public Task So_does_a_pooler_in_transaction_mode() => EndsBehindPoolerAsync("transaction");

    [PgBouncerFact]
    public Task So_does_one_in_session_mode() => EndsBehindPoolerAsync("session");

    private async Task EndsBehindPoolerAsync(string mode)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await using var pooler = await PgBouncer.StartAsync(arena.Arena.Postgres, mode);

        await EndsAsync(arena, pooler.ConnectionString, "leads through a connection pooler");
    }

    private static async Task EndsAsync(ServiceArena arena, string postgres, string reason)
    {
        await using var service = ProcessUnderTest.Start(
            "OrderService", arena.Arena,
            [("ASPNETCORE_URLS", $"http://127.0.0.1:{FreePorts.Find(1)[0]}"), ("Roles", "api"), ("ConnectionStrings__Postgres", postgres)]);

        await service.ExitsAsync(Deadline);

        Assert.Equal(1, service.ExitCode);
        Assert.Contains(reason, service.Log, StringComparison.Ordinal);
    }
}
