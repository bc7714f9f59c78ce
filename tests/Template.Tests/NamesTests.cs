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
    [InlineData("My Service", "MyService", "my-service", "my_service")]
    [InlineData("AcmeBilling", "AcmeBilling", "acme-billing", "acme_billing")]
    [InlineData("3com", "N3Com", "3com", "3com")]
    [InlineData("日本", "日本", "service", "service")]
    [InlineData("+++", "Service", "service", "service")]
    [InlineData("123", "N123", "123", "123")]
    [InlineData("Acme.new", "Acme.newService", "acme-new", "acme_new")]
    [InlineData("acme.new", "Acme.New", "acme-new", "acme_new")]
    [InlineData("Outbox", "OutboxService", "outbox", "outbox")]
    [InlineData("inbox", "InboxService", "inbox", "inbox")]
    [InlineData("Acme.Messaging.Servers", "Acme.MessagingService.ServersService", "acme-messaging-servers", "acme_messaging_servers")]
    [InlineData("Outboxes", "Outboxes", "outboxes", "outboxes")]
    public async Task Project_namespace_queues_exchange_and_database_follow_the_name(string name, string service, string dashed, string database)
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
        var compose = made.Read("docker-compose.yml");
        Assert.Contains($"\nname: '{dashed}'\n", compose, StringComparison.Ordinal);
        Assert.Contains($"image: {dashed}-service\n", compose, StringComparison.Ordinal);
        Assert.Contains($"Database={database};Username={dashed};Password=${{POSTGRES_PASSWORD:-{dashed}}}", compose, StringComparison.Ordinal);
        Assert.DoesNotContain("orders", compose, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exchange_and_database_can_be_chosen()
    {
        var made = await hive.NewAsync("Shop", "--exchange company.events --database shop_live");

        Assert.Contains("= \"company.events\"", made.Read("src/Messaging/Contracts/EventExchange.cs"), StringComparison.Ordinal);
        Assert.Contains("Database = \"shop_live\"", made.Read("tools/Servers/Running/RunCommand.cs"), StringComparison.Ordinal);
        Assert.Contains("Database=shop_live;", made.Read("docker-compose.yml"), StringComparison.Ordinal);
    }
}
