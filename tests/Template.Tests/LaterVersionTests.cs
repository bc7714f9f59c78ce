using System.Text.RegularExpressions;
using Servers;

namespace Template.Tests;

/// <summary>A service tells how it was made, and can take what a later version of the template has changed.</summary>
[Collection(TemplateCollection.Name)]
public sealed partial class LaterVersionTests(TemplateHive hive)
{
    [Theory]
    [InlineData("My Service", "--no-sample --no-docker")]
    [InlineData("Acme.Telemetry", "--exchange company.events --database billing")]
    [InlineData("日本", "--no-inbox")]
    public async Task The_command_in_the_README_makes_the_same_service_again(string name, string switches)
    {
        var made = await hive.NewAsync(name, switches);

        var again = await AgainAsync(made, Path.Combine(hive.Root, $"{Guid.NewGuid():N}"));

        Assert.Equal(made.Files().Keys, again.Files().Keys);
        Assert.All(made.Files(), file => Assert.Equal(File.ReadAllText(file.Value), again.Read(file.Key)));
    }

    [Fact]
    public async Task The_README_names_the_version_of_the_package()
    {
        var version = Version().Match(await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "template/Package/OutboxService.Template.csproj"))).Groups[1].Value;

        var made = await hive.NewAsync("Acme.Billing");

        Assert.Contains($"Made by version {version} of the template", made.Read("README.md"), StringComparison.Ordinal);
        Assert.Contains($"dotnet new install OutboxService.Template::{version}\n", made.Read("README.md"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_later_version_changes_is_taken_beside_what_was_changed_here_and_what_does_not_fit_is_left_to_judge()
    {
        const string Taken = "src/Outbox/OutboxSql.cs";
        const string Added = "src/Outbox/Later.cs";
        const string Contested = "src/Acme.Billing/Endpoints.cs";
        const string Ours = "src/Acme.Billing/Program.cs";
        const string Migration = "migrations/sql/migrations.sql";
        var made = await hive.NewAsync("Acme.Billing", folder: $"{Guid.NewGuid():N}/service");
        await AgainAsync(made, Path.Combine(made.Directory, "../old"));
        var later = await AgainAsync(made, Path.Combine(made.Directory, "../new"));
        await ChangeAsync(made, Ours, "// ours");
        await ChangeAsync(later, Taken, "// later");
        await ChangeAsync(later, Migration, "-- later");
        await File.WriteAllTextAsync(Path.Combine(later.Directory, Added), "// later\n");
        await File.WriteAllTextAsync(Path.Combine(made.Directory, Contested), "// ours\n");
        await ChangeAsync(later, Contested, "// later");

        var rest = await Assert.ThrowsAnyAsync<Exception>(() => Recipe.Of(made).Single(recipe => recipe.Title == "Take a later version").FollowAsync(made));

        Assert.Contains("Rejected hunk", rest.Message, StringComparison.Ordinal);
        Assert.StartsWith("// later", made.Read(Taken), StringComparison.Ordinal);
        Assert.Equal("// later\n", made.Read(Added));
        Assert.StartsWith("// ours", made.Read(Ours), StringComparison.Ordinal);
        Assert.Equal("// ours\n", made.Read(Contested));
        Assert.Contains("+// later", made.Read(Contested + ".rej"), StringComparison.Ordinal);
        Assert.DoesNotContain("later", made.Read(Migration), StringComparison.Ordinal);
    }

    private async Task<Scaffold> AgainAsync(Scaffold made, string directory)
    {
        var command = Command().Match(made.Read("README.md")).Groups[1].Value;
        await Shell.RunAsync(hive.Root, $"{command} -o '{directory}' --debug:custom-hive '{hive.Root}/hive'");
        return new Scaffold(directory);
    }

    private static async Task ChangeAsync(Scaffold service, string file, string line)
    {
        var path = Path.Combine(service.Directory, file);
        await File.WriteAllTextAsync(path, line + '\n' + await File.ReadAllTextAsync(path));
    }

    [GeneratedRegex("`(dotnet new outbox-service -n [^`]+)`")]
    private static partial Regex Command();

    [GeneratedRegex("<Version>(.+)</Version>")]
    private static partial Regex Version();
}
