namespace Template.Tests;

/// <summary>What a service is called follows from its name.</summary>
[Collection(TemplateCollection.Name)]
public sealed class NamesTests(TemplateHive hive)
{
    [Theory]
    [InlineData("Shop", "Shop", "shop", "shop")]
    [InlineData("Acme.Billing", "Acme.Billing", "acme-billing", "acme_billing")]
    [InlineData("my-order.api", "MyOrder.Api", "my-order-api", "my_order_api")]
    [InlineData("Übung1", "Übung1", "uebung1", "uebung1")]
    [InlineData("3com", "N3Com", "3com", "3com")]
    [InlineData("日本", "日本", "日本", "日本", "service")]
    [InlineData("+++", "Service", "service", "service")]
    [InlineData("Acme.new", "Acme.newService", "acme-new", "acme_new")]
    [InlineData("Outbox", "OutboxService", "outbox", "outbox")]
    [InlineData("Acme.Messaging.Servers", "Acme.MessagingService.ServersService", "acme-messaging-servers", "acme_messaging_servers")]
    [InlineData("acme.task", "Acme.TaskService", "acme-task", "acme_task")]
    [InlineData("Images", "ImagesService", "images", "images")]
    public Task Project_namespace_queues_exchange_and_database_follow_the_name(string name, string service, string dashed, string database, string? ascii = null) =>
        CheckAsync(name, service, dashed, database, ascii);

    [Theory]
    [Trait("Speed", "slow")]
    [InlineData("My Service", "MyService", "my-service", "my_service")]
    [InlineData("AcmeBilling", "AcmeBilling", "acme-billing", "acme_billing")]
    [InlineData("Acme.日本", "Acme.日本", "acme-日本", "acme_日本", "acme")]
    [InlineData("Café", "Café", "caf", "caf")]
    [InlineData("123", "N123", "123", "123")]
    [InlineData("acme.new", "Acme.New", "acme-new", "acme_new")]
    [InlineData("inbox", "InboxService", "inbox", "inbox")]
    [InlineData("Outboxes", "Outboxes", "outboxes", "outboxes")]
    [InlineData("Acme.Telemetry", "Acme.TelemetryService", "acme-telemetry", "acme_telemetry")]
    [InlineData("Acme.Roles", "Acme.RolesService", "acme-roles", "acme_roles")]
    [InlineData("Acme.Environment", "Acme.EnvironmentService", "acme-environment", "acme_environment")]
    [InlineData("Process", "ProcessService", "process", "process")]
    [InlineData("Acme.Signal.File", "Acme.SignalService.FileService", "acme-signal-file", "acme_signal_file")]
    [InlineData("Acme.Path", "Acme.PathService", "acme-path", "acme_path")]
    [InlineData("Acme.Images", "Acme.Images", "acme-images", "acme_images")]
    [InlineData("Acme.Tasks", "Acme.Tasks", "acme-tasks", "acme_tasks")]
    public Task So_they_do_for_more_names(string name, string service, string dashed, string database, string? ascii = null) =>
        CheckAsync(name, service, dashed, database, ascii);

    [Fact]
    public async Task Exchange_and_database_can_be_chosen()
    {
        var made = await hive.NewAsync("Shop", "--exchange company.events --database shop_live");

        Assert.Contains("= \"company.events\"", made.Read("src/Messaging/Contracts/EventExchange.cs"), StringComparison.Ordinal);
        Assert.Contains("Database = \"shop_live\"", made.Read("tools/Servers/Running/RunCommand.cs"), StringComparison.Ordinal);
        Assert.Contains("Database=shop_live;", made.Read("docker-compose.yml"), StringComparison.Ordinal);
    }

    private async Task CheckAsync(string name, string service, string dashed, string database, string? ascii)
    {
        var made = await hive.NewAsync(name);

        Assert.Equal(service, made.Service);
        Assert.Contains($"namespace {service};", made.Read($"src/{service}/Program.cs"), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(made.Directory, $"tests/{service}.Tests/{service}.Tests.csproj")));
        Assert.Contains($"\"{dashed}.fulfilment\"", made.Read($"src/{service}/Fulfilment/FulfilmentQueue.cs"), StringComparison.Ordinal);
        Assert.Contains($"\"{dashed}.notifications\"", made.Read($"src/{service}/Notifications/NotificationsQueue.cs"), StringComparison.Ordinal);
        Assert.Contains($"= \"{dashed}.events\"", made.Read("src/Messaging/Contracts/EventExchange.cs"), StringComparison.Ordinal);
        Assert.Contains($"Database = \"{database}\"", made.Read("tools/Servers/Running/RunCommand.cs"), StringComparison.Ordinal);
        Assert.StartsWith($"# {service}", made.Read("README.md"), StringComparison.Ordinal);
        // What Docker names has no other letters.
        ascii ??= dashed;
        var compose = made.Read("docker-compose.yml");
        Assert.Contains($"\nname: '{ascii}'\n", compose, StringComparison.Ordinal);
        Assert.Contains($"image: {ascii}-service\n", compose, StringComparison.Ordinal);
        Assert.Contains($"Database={database};Username={ascii};Password=${{POSTGRES_PASSWORD:-{ascii}}}", compose, StringComparison.Ordinal);
        Assert.DoesNotContain("orders", compose, StringComparison.Ordinal);
    }
}
