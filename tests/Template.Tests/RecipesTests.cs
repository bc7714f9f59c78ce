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
    [InlineData("", true)]
    [InlineData("--no-sample", true)]
    [InlineData("--no-inbox", false)]
    public async Task A_service_grows_by_its_recipes(string switches, bool handles)
    {
        await using var arena = await servers.NewArenaAsync();
        await using var shopArena = await servers.NewArenaAsync();
        var made = await hive.NewAsync("Acme.Billing", switches, $"{Guid.NewGuid():N}/service");
        await ExistingService.WriteAsync(made);

        var all = Recipe.Of(made);
        Assert.Equal(7, all.Count);
        var move = all.Single(recipe => recipe.Title.StartsWith("Move the libraries", StringComparison.Ordinal));
        foreach (var recipe in all.TakeWhile(recipe => recipe != move))
        {
            await FollowAsync(recipe, made);
        }

        await made.RunAsync($"{Build} Acme.Billing.sln && dotnet format Acme.Billing.sln --verify-no-changes --no-restore");
        await RunAsync(made, arena, handles);
        await ExistingService.CompleteMigrationAsync(made);
        await ExistingService.AddMessageAsync(made);
        await RunShopAsync(made, shopArena);

        await FollowAsync(move, made);
        await made.RunAsync($"{Build} tests/Acme.Billing.Tests");
        Assert.Contains("\"Acme.Billing.Outbox\"", made.Read("src/Acme.Billing/Acme.Billing.csproj"), StringComparison.Ordinal);
        Assert.DoesNotContain("ProjectReference", made.Read("src/Acme.Billing/Acme.Billing.csproj"), StringComparison.Ordinal);
        await RestoreAsImageAsync(made);
    }

    private static async Task FollowAsync(Recipe recipe, Scaffold made)
    {
        // A placeholder that only the reader can fill in.
        if (recipe.Title != "Change a table")
        {
            await recipe.FollowAsync(made);
        }
    }

    private static async Task RunAsync(Scaffold made, TestArena arena, bool handles)
    {
        await using var running = await RunningScaffold.RunAsync(made, arena.Postgres, arena.RabbitMq);

        await running.PostAsync("/invoices", "");

        await Eventually.EqualsAsync(
            2L, () => arena.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE type LIKE 'billing.invoice-sent.%' AND sent_at IS NOT NULL"), Soon, "sent");
        if (handles)
        {
            await Eventually.EqualsAsync(
                2L, () => arena.ScalarAsync<long>("SELECT count(*) FROM inbox_message WHERE consumer = 'acme-billing.invoicing'"), Soon, "handled");
            Assert.Equal(1L, await arena.ScalarAsync<long>("SELECT count(*) FROM invoice"));
        }
    }

    private static async Task RunShopAsync(Scaffold made, TestArena arena)
    {
        await made.RunAsync($"{Build} ../Shop && ConnectionStrings__Postgres='{arena.Postgres}' dotnet ef database update --project ../Shop --configuration Release --no-build");
        await using var tap = await Tap.OpenAsync(arena.RabbitMq, "shop.events", "shop.sold.v1");
        var shop = Path.GetFullPath(Path.Combine(made.Directory, "../Shop"));
        await using var running = await RunningScaffold.StartAsync(shop, shop, arena.Postgres, arena.RabbitMq);

        await running.PostAsync("/sales", "");

        await Eventually.EqualsAsync(1L, () => arena.ScalarAsync<long>("SELECT count(*) FROM outbox_message WHERE sent_at IS NOT NULL"), Soon, "sent by the existing service");
        Assert.Single(await tap.ReadAsync());
        Assert.Equal(1L, await arena.ScalarAsync<long>("SELECT count(*) FROM pg_trigger WHERE tgname = 'outbox_message_wake_up'"));
    }

    /// <summary>Restores with nothing but what the Dockerfile copies before it restores.</summary>
    private static async Task RestoreAsImageAsync(Scaffold made)
    {
        var image = Directory.CreateDirectory(Path.Combine(made.Directory, "../image")).FullName;
        var copied = made.Read("Dockerfile").Split("\nRUN ")[0].Split('\n')
            .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1..]).ToList();
        var sent = made.Read(".dockerignore").Split('\n');
        Assert.All(copied.SelectMany(paths => paths[..^1]), path => Assert.Contains($"!{path.Split('/')[0]}", sent));

        await made.RunAsync(string.Join('\n', copied.Select(paths =>
            $"mkdir -p '{image}/{paths[^1]}'; {string.Concat(paths[..^1].Select(path => $"cp -r {path}{(path.EndsWith('/') ? "." : "")} '{image}/{paths[^1]}'; "))}")));
        // Away, so that nothing is found by a path of the machine.
        Directory.Move(made.Directory, made.Directory + "-moved");
        await Shell.RunAsync(image, "dotnet restore migrations && dotnet restore src/Acme.Billing");
    }
}
