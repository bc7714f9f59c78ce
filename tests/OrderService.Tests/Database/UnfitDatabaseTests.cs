using System.Net;
using System.Net.Sockets;
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

    [Fact]
    public async Task A_failure_that_is_not_the_databases_own_does_not_end_the_service()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        using var deadline = new CancellationTokenSource(Deadline);
        using var listener = new TcpListener(IPAddress.Loopback, FreePorts.Find(1)[0]);
        listener.Start();
        await arena.StartAsync(
            "--Roles=api",
            $"--ConnectionStrings:Postgres=Host=127.0.0.1;Port={((IPEndPoint)listener.LocalEndpoint).Port};Username=a;Database=a;SSL Mode=Require;SSL Certificate=/absent.crt");

        for (var looks = 0; looks < 2; looks++)
        {
            using var connection = await listener.AcceptSocketAsync(deadline.Token);
            // "Yes" to the request for TLS, for which the certificate is looked for.
            await connection.SendAsync("S"u8.ToArray());
            while (await connection.ReceiveAsync(new byte[64], deadline.Token) > 0)
            {
            }
        }
    }

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
