using System.Net;
using Npgsql;
using OrderService.Tests.Greetings;

namespace OrderService.Tests.Database;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class DatabaseTroubleTests(ServersFixture servers)
{
    private const string Body = """{"name":"Anna"}""";

    // With its terminator: READ COMMITTED is not meant.
    private const string Commit = "COMMIT\0";

    [Theory]
    [InlineData("greeting")]
    [InlineData("outbox_message")]
    public async Task While_a_table_is_locked_clients_are_told_within_5_seconds_to_come_again(string table)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        await service.AskForAsync("Anna");

        await using (var locker = await arena.Arena.DataSource.OpenConnectionAsync())
        {
            await using var transaction = await locker.BeginTransactionAsync();
            await using var command = new NpgsqlCommand($"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", locker);
            await command.ExecuteNonQueryAsync();

            await ComeAgain.AsksAsync(() => service.AskAsync(Body));
        }

        await service.AskForAsync("Anna");
        Assert.Equal(2, await arena.CountAsync("greeting"));
    }

    [Fact]
    public async Task While_the_database_is_silent_clients_are_told_to_come_again_and_the_process_says_that_it_lives()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await using var network = arena.StartNetwork();
        var service = await arena.StartAsync(
            "--Roles=api", $"--ConnectionStrings:Postgres={arena.Arena.Postgres};Host=127.0.0.1;Port={network.Port}");
        await service.AskForAsync("Anna");

        network.HoldsRequests = network.HoldsReplies = true;
        var told = service.AskAsync(Body);
        using var live = await service.Http.GetAsync("/health/live");
        using var answer = await told;

        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        network.HoldsRequests = network.HoldsReplies = false;
        await service.AskForAsync("Anna");
    }

    [Fact]
    public async Task A_database_that_is_not_migrated_is_not_ready_and_asks_to_come_again()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        var service = await arena.StartAsync("--Roles=api");

        await ComeAgain.AsksAsync(() => service.AskAsync(Body));
        using var ready = await service.Http.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("migrated", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await ServiceArena.MigrateAsync(arena.Arena.Postgres);
        await service.AskForAsync("Anna");
    }

    [Fact]
    public async Task When_the_reply_to_a_commit_is_lost_there_is_one_greeting_with_one_message()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await using var network = arena.StartNetwork();
        var service = await arena.StartThroughAsync(network, "--Roles=api");
        await service.AskForAsync("Anna");

        network.CutReplyTo(Commit);
        using var answer = await service.AskAsync(Body);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(1, network.Cuts);
        Assert.Equal(2, await arena.CountAsync("greeting"));
        Assert.Equal(2, await arena.CountAsync("outbox_message"));
    }

    [Fact]
    public async Task A_connection_that_an_operator_ends_is_replaced_unseen()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        await service.AskForAsync("Anna");

        await arena.Arena.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        await service.AskForAsync("Anna");

        Assert.Equal(2, await arena.CountAsync("greeting"));
        Assert.Equal(2, await arena.CountAsync("outbox_message"));
    }
}
