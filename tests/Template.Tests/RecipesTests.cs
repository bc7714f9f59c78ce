namespace Template.Tests;

/// <summary>The recipes of a new service's README do what they say.</summary>
[Collection(RunningTemplateCollection.Name)]
[Trait("Needs", "servers")]
[Trait("Speed", "slow")]
public sealed class RecipesTests(TemplateHive hive, ServersFixture servers)
{
    private const string Build = "dotnet build -c Release --nologo -v q -clp:NoSummary";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("", 7, 2)]
    [InlineData("--no-sample", 7, 2)]
    [InlineData("--no-inbox", 6, 0)]
    public async Task A_service_grows_by_its_recipes(string switches, int recipes, int invoices)
    {
        await using var arena = await servers.NewArenaAsync();
        await using var shopArena = await servers.NewArenaAsync();
        var made = await hive.NewAsync("Acme.Billing", switches, $"{Guid.NewGuid():N}/service");
        await ExistingService.WriteAsync(made);

        var all = Recipe.Of(made);
        Assert.Equal(recipes, all.Count);
        foreach (var recipe in all.TakeWhile(recipe => !recipe.Title.StartsWith("Move the libraries", StringComparison.Ordinal)))
        {
            await FollowAsync(recipe, made);
        }

        await made.RunAsync($"{Build} Acme.Billing.sln && dotnet format Acme.Billing.sln --verify-no-changes --no-restore");
        await RunAsync(made, arena, invoices);
        await ExistingService.CompleteMigrationAsync(made);
        await RunShopAsync(made, shopArena);

        await FollowAsync(all[^1], made);
        await made.RunAsync($"{Build} tests/Acme.Billing.Tests");
        Assert.Contains("\"Acme.Billing.Outbox\"", made.Read("src/Acme.Billing/Acme.Billing.csproj"), StringComparison.Ordinal);
        Assert.DoesNotContain("ProjectReference", made.Read("src/Acme.Billing/Acme.Billing.csproj"), StringComparison.Ordinal);
    }

    private static async Task FollowAsync(Recipe recipe, Scaffold made)
    {
        // A placeholder that only the reader can fill in.
        if (recipe.Title != "Change a table")
        {
            await recipe.FollowAsync(made);
        }
    }

    private static async Task RunAsync(Scaffold made, TestArena arena, int invoices)
    {
        await using var running = await RunningScaffold.RunAsync(made, arena.Postgres, arena.RabbitMq);

        await running.PostAsync("/invoices", "");

        await Eventually.EqualsAsync(
            2L, () => arena.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE type LIKE 'billing.invoice-sent.%' AND sent_at IS NOT NULL"), Soon, "sent");
        if (invoices > 0)
        {
            await Eventually.EqualsAsync((long)invoices, () => arena.ScalarAsync<long>("SELECT count(*) FROM invoice"), Soon, "invoices");
        }
    }

    private static async Task RunShopAsync(Scaffold made, TestArena arena)
    {
        await made.RunAsync($"{Build} ../Shop && ConnectionStrings__Postgres='{arena.Postgres}' dotnet ef database update --project ../Shop --configuration Release --no-build");
        await arena.ExecuteAsync("INSERT INTO outbox_message (exchange, routing_key, type, body) VALUES ('shop.events', 'shop.sold.v1', 'shop.sold.v1', '{}')");
        await using var tap = await Tap.OpenAsync(arena.RabbitMq, "shop.events", "shop.sold.v1");
        var shop = Path.GetFullPath(Path.Combine(made.Directory, "../Shop"));
        await using var running = await RunningScaffold.StartAsync(shop, shop, arena.Postgres, arena.RabbitMq);

        await Eventually.EqualsAsync(1L, () => arena.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE sent_at IS NOT NULL"), Soon, "sent by the existing service");
        Assert.Equal(1L, await arena.ScalarAsync<long>("SELECT count(*) FROM pg_trigger WHERE tgname = 'outbox_message_wake_up'"));
    }
}
