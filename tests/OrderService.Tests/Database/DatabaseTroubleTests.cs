using System.Diagnostics;
using System.Net;
using Npgsql;
using OrderService.Tests.Orders;

namespace OrderService.Tests.Database;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class DatabaseTroubleTests(ServersFixture servers)
{
    private const string Body = """{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]}""";

    // Nearly all connections of the pool.
    private const int Clients = 40;
    private static readonly TimeSpan BetweenProbes = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    // With its terminator: READ COMMITTED is not meant.
    private const string Commit = "COMMIT\0";

    [Fact]
    public Task While_a_table_is_locked_clients_are_told_within_5_seconds_to_come_again() => SideBySide.RunAsync(
        new(IsLockedAsync("orders")),
        new(IsLockedAsync("outbox_message")),
        new(IsLockedAsync("idempotency_key")));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_the_database_is_silent_clients_are_told_to_come_again_and_the_process_says_that_it_lives(bool inTheMiddle)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await using var network = arena.StartNetwork();
        var service = await arena.StartAsync(
            "--Roles=api", $"--ConnectionStrings:Postgres={arena.Arena.Postgres};Host=127.0.0.1;Port={network.Port}");
        List<Task<HttpResponseMessage>> placing;
        await using (var locker = await arena.Arena.DataSource.OpenConnectionAsync())
        {
            // So that each request has a connection of its own.
            await using var transaction = await locker.BeginTransactionAsync();
            await using var command = new NpgsqlCommand("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE", locker);
            await command.ExecuteNonQueryAsync();
            placing = PlaceMany();
            await Eventually.EqualsAsync(
                (long)Clients,
                () => arena.Arena.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE relation = 'orders'::regclass AND NOT granted"),
                Soon, "requests that wait for the lock");
            network.HoldsRequests = network.HoldsReplies = inTheMiddle;
        }

        if (!inTheMiddle)
        {
            await Task.WhenAll(placing);
            network.HoldsRequests = network.HoldsReplies = true;
            placing = PlaceMany();
        }

        var told = Task.WhenAll(placing);
        var slowest = TimeSpan.Zero;
        while (!told.IsCompleted)
        {
            var watch = Stopwatch.StartNew();
            using var live = await service.Http.GetAsync("/health/live");
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
            slowest = slowest > watch.Elapsed ? slowest : watch.Elapsed;
            await Task.WhenAny(told, Task.Delay(BetweenProbes));
        }

        Assert.All(await told, answer => Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode));
        Assert.InRange(slowest, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        network.HoldsRequests = network.HoldsReplies = false;
        using var answer = await service.PlaceAsync(Body);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);

        List<Task<HttpResponseMessage>> PlaceMany() => [.. Enumerable.Range(0, Clients).Select(_ => service.PlaceAsync(Body))];
    }

    [Fact]
    public async Task While_the_pool_is_exhausted_clients_are_told_within_5_seconds_to_come_again()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api", $"--ConnectionStrings:Postgres={arena.Arena.Postgres};Maximum Pool Size=2");

        await using (var locker = await arena.Arena.DataSource.OpenConnectionAsync())
        {
            await using var transaction = await locker.BeginTransactionAsync();
            await using var command = new NpgsqlCommand("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE", locker);
            await command.ExecuteNonQueryAsync();

            await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => ComeAgain.AsksAsync(() => service.PlaceAsync(Body))));
        }

        using var answer = await service.PlaceAsync(Body);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(1, await arena.CountAsync("orders"));
    }

    [Fact]
    public async Task A_database_that_is_not_migrated_is_not_ready_and_asks_to_come_again()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        var service = await arena.StartAsync("--Roles=api");

        await ComeAgain.AsksAsync(() => service.PlaceAsync(Body));
        using var ready = await service.Http.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("migrated", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await ServiceArena.MigrateAsync(arena.Arena.Postgres);
        using var answer = await service.PlaceAsync(Body);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Fact]
    public async Task When_the_reply_to_a_commit_is_lost_there_is_one_order_with_one_message()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await using var network = arena.StartNetwork();
        var service = await arena.StartThroughAsync(network, "--Roles=api");
        await service.PlaceAsync("sku-1", 1);

        network.CutReplyTo(Commit);
        using var placed = await service.PlaceAsync(Body, "key");
        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        var id = (await placed.JsonAsync()).GetProperty("id").GetGuid();
        using var again = await service.PlaceAsync(Body, "key");
        network.CutReplyTo(Commit);
        using var cancelled = await service.CancelAsync(id);

        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(id, (await again.JsonAsync()).GetProperty("id").GetGuid());
        Assert.Equal("cancelled", (await cancelled.JsonAsync()).GetProperty("status").GetString());
        Assert.Equal(2, network.Cuts);
        Assert.Equal(2, await arena.CountAsync("orders"));
        Assert.Equal(2L, await arena.Arena.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE type = 'orders.order-placed.v1'"));
        Assert.Equal(1L, await arena.Arena.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE type = 'orders.order-cancelled.v1'"));
    }

    [Fact]
    public async Task When_a_connection_is_lost_while_an_order_is_placed_there_is_one_order_with_one_message()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await using var network = arena.StartNetwork();
        var service = await arena.StartThroughAsync(network, "--Roles=api");

        // A first request takes its time, and the deadline is for both tries together.
        await service.PlaceAsync("sku-1", 1);

        network.CutReplyTo("INSERT INTO outbox_message");
        using var placed = await service.PlaceAsync(Body);

        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        Assert.Equal(1, network.Cuts);
        Assert.Equal(2, await arena.CountAsync("orders"));
        Assert.Equal(2, await arena.CountAsync("outbox_message"));
    }

    [Fact]
    public async Task When_it_is_lost_while_an_order_is_cancelled_it_is_cancelled_as_the_client_is_told()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await using var network = arena.StartNetwork();
        var service = await arena.StartThroughAsync(network, "--Roles=api");
        var id = await service.PlaceAsync("sku-1", 1);

        network.CutReplyTo("UPDATE orders");
        using var cancelled = await service.CancelAsync(id);

        Assert.Equal(HttpStatusCode.OK, cancelled.StatusCode);
        Assert.Equal(1, network.Cuts);
        // The client is told from memory, which may have kept what was rolled back.
        Assert.Equal("cancelled", await arena.Arena.ScalarAsync<string>("SELECT status FROM orders"));
        Assert.Equal(1L, await arena.Arena.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE type = 'orders.order-cancelled.v1'"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("key")]
    public async Task When_a_commit_wins_after_its_connection_is_lost_there_is_one_order_and_its_client_is_told(string? idempotencyKey)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync(
            """
            CREATE FUNCTION wait_in_commit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER wait_in_commit AFTER INSERT ON orders
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_in_commit()
            """);
        await using var network = arena.StartNetwork();
        var service = await arena.StartThroughAsync(network, "--Roles=api");
        await service.PlaceAsync("sku-1", 1);
        Task<HttpResponseMessage> placing;
        await using (var locker = await arena.Arena.DataSource.OpenConnectionAsync())
        {
            await using var transaction = await locker.BeginTransactionAsync();
            await using var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock(1)", locker);
            await command.ExecuteNonQueryAsync();
            placing = service.PlaceAsync(Body, idempotencyKey);
            await UntilOneWaitsForAsync("advisory");
            network.Reset();
            await UntilOneWaitsForAsync("transactionid");
        }

        using var placed = await placing;
        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        Assert.Equal(2, await arena.CountAsync("orders"));
        Assert.Equal(2, await arena.CountAsync("outbox_message"));

        Task UntilOneWaitsForAsync(string kind) => Eventually.EqualsAsync(
            1L, () => arena.Arena.ScalarAsync<long>($"SELECT count(*) FROM pg_locks WHERE locktype = '{kind}' AND NOT granted"), Soon, kind);
    }

    [Fact]
    public async Task A_connection_that_an_operator_ends_is_replaced_unseen()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        await service.PlaceAsync("sku-1", 1);

        await arena.Arena.ExecuteAsync(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        using var answer = await service.PlaceAsync(Body);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(2, await arena.CountAsync("orders"));
        Assert.Equal(2, await arena.CountAsync("outbox_message"));
    }

    [Fact]
    public async Task A_database_that_ends_idle_sessions_of_everybody_ends_none_of_the_service()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync($"ALTER DATABASE {arena.Arena.Name} SET idle_session_timeout = '100ms'");
        var service = await arena.StartAsync("--Roles=api");
        var id = await service.PlaceAsync("sku-1", 1);

        await IdlesAsync();
        using var ready = await service.Http.GetAsync("/health/ready");
        await IdlesAsync();
        using var read = await service.Http.GetAsync($"/orders/{id}");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (ready.StatusCode, read.StatusCode));

        Task IdlesAsync() => Eventually.EqualsAsync(
            0L,
            () => arena.Arena.ScalarAsync<long>(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND state_change > clock_timestamp() - interval '1 s'
                """),
            Soon, "sessions that are not idle for a second");
    }

    [Fact]
    public async Task A_column_whose_type_changes_meanwhile_is_no_bug_of_the_service()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        // One connection, so that each statement is prepared where the next one finds it.
        var service = await arena.StartAsync(
            "--Roles=api", $"--ConnectionStrings:Postgres={arena.Arena.Postgres};Maximum Pool Size=1;Auto Prepare Min Usages=2");
        var id = await PrepareAsync();

        await arena.Arena.ExecuteAsync("ALTER TABLE orders ALTER customer_id TYPE varchar(100)");
        using var again = await service.PlaceAsync(Body, "key");
        await PrepareAsync();
        await arena.Arena.ExecuteAsync("ALTER TABLE orders ALTER customer_id TYPE varchar(200)");
        await ComeAgain.AsksAsync(() => service.Http.GetAsync($"/orders/{id}"));
        using var read = await service.Http.GetAsync($"/orders/{id}");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (again.StatusCode, read.StatusCode));
        Assert.Equal(1, await arena.CountAsync("orders"));

        async Task<Guid> PrepareAsync()
        {
            Guid placed = default;
            for (var round = 0; round < 3; round++)
            {
                using var answer = await service.PlaceAsync(Body, "key");
                placed = (await answer.JsonAsync()).GetProperty("id").GetGuid();
                await service.ReadAsync(placed);
            }

            return placed;
        }
    }

    [Fact]
    public async Task A_database_that_takes_no_writes_is_told_of_by_ready()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await arena.Arena.ExecuteAsync($"ALTER DATABASE {arena.Arena.Name} SET default_transaction_read_only = on");
        var service = await arena.StartAsync("--Roles=api");

        await ComeAgain.AsksAsync(() => service.PlaceAsync(Body));
        using var ready = await service.Http.GetAsync("/health/ready");

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        var database = (await ready.JsonAsync()).GetProperty("checks").GetProperty("database");
        Assert.Equal("degraded", database.GetProperty("status").GetString());
        Assert.Contains("read-only", database.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    private async Task IsLockedAsync(string table)
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var service = await arena.StartAsync("--Roles=api");
        var id = await service.PlaceAsync("sku-1", 1);

        await using (var locker = await arena.Arena.DataSource.OpenConnectionAsync())
        {
            await using var transaction = await locker.BeginTransactionAsync();
            await using var command = new NpgsqlCommand($"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", locker);
            await command.ExecuteNonQueryAsync();

            List<Case> requests = [new(ComeAgain.AsksAsync(() => service.PlaceAsync(Body, "key")))];
            if (table == "orders")
            {
                requests.Add(new(ComeAgain.AsksAsync(() => service.CancelAsync(id))));
                requests.Add(new(ComeAgain.AsksAsync(() => service.Http.GetAsync($"/orders/{id}"))));
                requests.Add(new(ComeAgain.AsksAsync(() => service.Http.GetAsync("/orders"))));
            }

            await SideBySide.RunAsync(requests);
        }

        using var answer = await service.PlaceAsync(Body, "key");
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(2, await arena.CountAsync("orders"));
    }
}
