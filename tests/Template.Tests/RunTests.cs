namespace Template.Tests;

/// <summary>New services run and pass their own tests, by the commands that their README gives.</summary>
[Collection(RunningTemplateCollection.Name)]
[Trait("Needs", "servers")]
[Trait("Speed", "slow")]
public sealed class RunTests(TemplateHive hive, ServersFixture servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task The_default_service_confirms_an_order()
    {
        await using var arena = await servers.NewArenaAsync();
        await using var running = await RunningScaffold.RunAsync(await hive.NewAsync("My Service"), arena.Postgres, arena.RabbitMq);

        var order = await running.PostAsync(
            "/orders", """{"customerId":"c-1","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]}""");

        await Eventually.EqualsAsync(
            "confirmed", async () => (await running.GetAsync($"/orders/{order.GetProperty("id")}")).GetProperty("status").GetString(), Soon, "status");
        Assert.Contains("curl -i http://127.0.0.1", running.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_without_the_sample_handles_its_message()
    {
        await using var arena = await servers.NewArenaAsync();
        await using var running = await RunningScaffold.RunAsync(await hive.NewAsync("日本", "--no-sample"), arena.Postgres, arena.RabbitMq);

        var greeting = await running.PostAsync("/greetings", """{"name":"Anna"}""");

        await Eventually.EqualsAsync(
            "Hello, Anna!",
            () => arena.ScalarAsync<string>("SELECT text FROM reply WHERE greeting_id = $1", greeting.GetProperty("id").GetGuid()), Soon, "reply");
        await Eventually.IsTrueAsync(() => running.Log.Contains("Replied to greeting", StringComparison.Ordinal), Soon, "the log tells of it");
        Assert.Contains("/greetings", running.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "/orders", """{"customerId":"c-1","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]}""")]
    [InlineData("--no-sample", "/greetings", """{"name":"Anna"}""")]
    public async Task A_service_without_the_inbox_sends_its_message_though_nobody_is_bound(string switches, string path, string body)
    {
        await using var arena = await servers.NewArenaAsync();
        await using var running = await RunningScaffold.RunAsync(await hive.NewAsync("Shop", $"--no-inbox {switches}"), arena.Postgres, arena.RabbitMq);

        await running.PostAsync(path, body);

        await Eventually.EqualsAsync(1L, () => arena.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE sent_at IS NOT NULL"), Soon, "sent");
    }

    [Fact]
    public async Task Orders_are_reconciled_where_there_are_any_and_refused_by_name_where_there_are_none()
    {
        await using var arena = await servers.NewArenaAsync();
        var environment = $"export SERVERS= PORT={Servers.FreePorts.Find(1)[0]} ASPNETCORE_ENVIRONMENT=Development "
            + $"ConnectionStrings__Postgres='{arena.Postgres}' ConnectionStrings__RabbitMq='{arena.RabbitMq}'";
        var sample = await hive.NewAsync("Acme.Billing");
        var without = await hive.NewAsync("Acme.Billing", "--no-sample");

        var placed = await sample.RunAsync($"{environment}; ./run --orders 50");
        var refused = await Shell.TryAsync(without.Directory, "./run --orders 50");

        Assert.StartsWith("placed=50 sent=", placed.Trim().Split('\n')[^1], StringComparison.Ordinal);
        Assert.Contains("lost=0 doubled=0", placed, StringComparison.Ordinal);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("Unknown arguments: --orders 50", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_lines_of_a_file_of_orders_are_told_by_their_number_and_the_rest_is_reconciled()
    {
        await using var arena = await servers.NewArenaAsync();
        var sample = await hive.NewAsync("Shop");
        await File.WriteAllTextAsync(
            Path.Combine(sample.Directory, "orders.jsonl"),
            """
            {"customerId":"c-1","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]}
            {"customerId":"c-2","currency":"EUR","lines":[{"sku":"sku-1","quantity":0,"unitPrice":9.90}]}

            not JSON
            {"customerId":"c-3","currency":"EUR","lines":[{"sku":"sku-none","quantity":1,"unitPrice":1}]}
            """);

        var placed = await Shell.TryAsync(
            sample.Directory,
            $"export SERVERS= PORT={Servers.FreePorts.Find(1)[0]} ASPNETCORE_ENVIRONMENT=Development "
            + $"ConnectionStrings__Postgres='{arena.Postgres}' ConnectionStrings__RabbitMq='{arena.RabbitMq}'; ./run --orders-file orders.jsonl");

        Assert.True(placed.ExitCode == 2, placed.Output + placed.Error);
        Assert.Contains("line 2: HTTP 400: lines[0].quantity", placed.Error, StringComparison.Ordinal);
        Assert.Contains("line 4: HTTP 400", placed.Error, StringComparison.Ordinal);
        Assert.Matches(@"^placed=2 sent=4 effects=5 suppressed=\d+ lost=0 doubled=0 seconds=\d+\.\d\d$", placed.Output.Trim().Split('\n')[^1]);
    }

    [Fact]
    public async Task A_service_without_Docker_never_asks_for_it()
    {
        var made = await hive.NewAsync("Shop", "--no-docker");

        var refused = await Shell.TryAsync(made.Directory, "SERVERS=docker ./run");

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("SERVERS=docker, but this repository has no docker-compose.yml", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--no-sample")]
    [InlineData("--no-inbox")]
    public async Task Its_own_tests_pass(string switches)
    {
        var made = await hive.NewAsync("Acme.Billing", switches);

        // Those of the libraries are the same files as here, and run here.
        var output = await made.RunAsync($"SERVERS=native ./test --filter 'FullyQualifiedName~{made.Service}.Tests|FullyQualifiedName~Servers.Tests'");

        Assert.Matches(@"\d+ passed, 0 failed, 0 skipped\s*$", output);
    }
}
