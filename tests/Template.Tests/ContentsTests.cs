using System.Text.Json;
using System.Text.RegularExpressions;
using Servers;

namespace Template.Tests;

/// <summary>What is in a new service, and what is not. Each makes services in seconds and builds nothing.</summary>
[Collection(TemplateCollection.Name)]
public sealed partial class ContentsTests(TemplateHive hive)
{
    private static readonly string[] Scripts = ["run", "test", "tools/with-sdk", "migrations/write-sql"];

    public static TheoryData<string, string> Usual => Variants.Theory(Variants.Usual);

    public static TheoryData<string, string> Others => Variants.Theory(Variants.All.Except(Variants.Usual));

    [Theory]
    [Trait("Speed", "slow")]
    [MemberData(nameof(Others))]
    public Task Every_other_combination_too(string name, string switches) =>
        Every_combination_of_switches_and_every_name_is_whole_and_holds_nothing_that_is_not_its_own(name, switches);

    [Theory]
    [MemberData(nameof(Usual))]
    public async Task Every_combination_of_switches_and_every_name_is_whole_and_holds_nothing_that_is_not_its_own(string name, string switches)
    {
        var made = await hive.NewAsync(name, switches);
        var files = made.Files();

        Assert.Empty(made.Mentions(NameOfTheSample()));
        Assert.Empty(made.Mentions(Condition()));
        if (switches.Contains("--no-sample", StringComparison.Ordinal))
        {
            Assert.Empty(made.Mentions(WordsOfTheSample()));
        }

        if (switches.Contains("--no-inbox", StringComparison.Ordinal))
        {
            Assert.Empty(made.Mentions(WordsOfTheInbox()));
            Assert.Contains("\"Unroutable\": \"accept\"", made.Read($"src/{made.Service}/appsettings.json"), StringComparison.Ordinal);
            Assert.DoesNotMatch(Consuming(), made.Read("docs/operating.md"));
            Assert.Contains("| `Roles` | all | any of `api`, `relay`;", made.Read("docs/operating.md"), StringComparison.Ordinal);
            Assert.Contains("| `Outbox__Unroutable` | `accept` in ", made.Read("docs/operating.md"), StringComparison.Ordinal);
            Assert.DoesNotContain(files, file => file.Key == "docker-compose.yml" && File.ReadAllText(file.Value).Contains("dead_letter", StringComparison.Ordinal));
            Assert.DoesNotContain(files.Keys, file => Undecided().IsMatch(file));
        }

        if (switches.Contains("--no-docker", StringComparison.Ordinal))
        {
            Assert.DoesNotContain(files.Keys, file => file.Contains("ocker", StringComparison.Ordinal) && !file.StartsWith("tools/", StringComparison.Ordinal));
            Assert.DoesNotContain("docker compose", made.Read("README.md"), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(files.Keys, file => Ours().IsMatch(file));
        Assert.Contains(".github/workflows/ci.yml", files.Keys);
        Assert.Contains(".editorconfig", files.Keys);
        // Tests that the domain does not matter to.
        Assert.All(["Database/RequestCommandsTests", "Database/UnfitDatabaseTests", "Http/ProblemTests", "Http/SlowUploadTests", "Operations/OpenApiTests"], test =>
            Assert.Contains($"tests/{made.Service}.Tests/{test}.cs", files.Keys));
        Assert.Contains("\n.env\n", made.Read(".gitignore"), StringComparison.Ordinal);
        Assert.All(Scripts, script => Assert.True(
            File.GetUnixFileMode(files[script]).HasFlag(UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute), $"{script} cannot be run"));
        var migration = Assert.Single(files.Keys, file => file.StartsWith("migrations/Versions/", StringComparison.Ordinal) && file.EndsWith("_Initial.cs", StringComparison.Ordinal));
        // No name of the service's takes the place of a table's: the script names them in another way.
        Assert.Equal(
            TableOfScript().Matches(made.Read("migrations/sql/migrations.sql")).Select(match => match.Groups[1].Value),
            TableOfMigration().Matches(made.Read(migration)).Select(match => match.Groups[1].Value));
        Assert.Equal(ProjectsOnDisk(files), ProjectsOfSolution(made));
    }

    [Fact]
    public async Task The_default_service_is_this_repository_byte_for_byte_but_for_names_and_what_is_left_out()
    {
        var made = await hive.NewAsync("Acme.Billing");
        var ours = Tree.Files(RepositoryRoot.Path, name => name is "bin" or "obj" or ".local" or ".git" or ".vs" or ".idea" or "TestResults");
        var theirs = made.Files();

        var expected = ours.Where(file => !Ours().IsMatch(file.Key) && !OfItsOwn().IsMatch(file.Key))
            .ToDictionary(file => Renamed(file.Key), file => Renamed(Conditionals.WithoutSwitches(File.ReadAllText(file.Value))));
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), theirs.Keys.Where(file => !OfItsOwn().IsMatch(file)).Order(StringComparer.Ordinal));
        Assert.All(expected, file => Assert.Equal(file.Value, File.ReadAllText(theirs[file.Key])));
    }

    [Fact]
    public void Every_path_in_the_template_exists()
    {
        // What builds, tools and checkouts make and people add, which may be absent.
        string[] made = [".git", ".local", ".vs", ".idea", "faults-results", "bin", "obj", ".env"];
        var config = JsonElement.Parse(File.ReadAllText(Path.Combine(RepositoryRoot.Path, ".template.config/template.json")));
        var paths = config.GetProperty("sources").EnumerateArray().SelectMany(PathsOf)
            .Concat(config.GetProperty("postActions").EnumerateArray().SelectMany(action => Texts(action.GetProperty("args").GetProperty("+x"))))
            .Select(path => path.Replace("/**", "", StringComparison.Ordinal))
            .Except(made).ToList();

        Assert.NotEmpty(paths);
        Assert.All(paths, path => Assert.True(
            Path.Exists(Path.Combine(RepositoryRoot.Path, path)), $"template.json names {path}, which is not there."));
    }

    [Fact]
    public async Task The_help_names_every_switch_by_its_short_name()
    {
        var help = await Shell.RunAsync(hive.Root, $"dotnet new outbox-service --help --debug:custom-hive '{hive.Root}/hive'");

        Assert.All(["--no-sample", "--no-inbox", "--no-docker", "--exchange", "--database"], option => Assert.Contains(option, help, StringComparison.Ordinal));
        Assert.DoesNotContain("noSample", help, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_uninstall_leaves_nothing()
    {
        var place = Path.Combine(hive.Root, "other hive");
        await Shell.RunAsync(hive.Root, $"dotnet new install '{RepositoryRoot.Path}' --debug:custom-hive '{place}'");

        await Shell.RunAsync(hive.Root, $"dotnet new uninstall '{RepositoryRoot.Path}' --debug:custom-hive '{place}'");

        var list = await Shell.TryAsync(hive.Root, $"dotnet new list outbox-service --debug:custom-hive '{place}'");
        Assert.DoesNotContain("outbox-service  ", list.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(place, "packages.json", SearchOption.AllDirectories), file =>
            File.ReadAllText(file).Contains(RepositoryRoot.Path, StringComparison.Ordinal));
    }

    private static string Renamed(string text) => text
        .Replace("OrderService", "Acme.Billing", StringComparison.Ordinal)
        .Replace("orders.events", "acme-billing.events", StringComparison.Ordinal)
        .Replace("orders.fulfilment", "acme-billing.fulfilment", StringComparison.Ordinal)
        .Replace("orders.notifications", "acme-billing.notifications", StringComparison.Ordinal)
        .Replace("Database=orders", "Database=acme_billing", StringComparison.Ordinal)
        .Replace("Database = \"orders", "Database = \"acme_billing", StringComparison.Ordinal)
        .Replace("Template.sln", "Acme.Billing.sln", StringComparison.Ordinal)
        // docker-compose.yml: the project, its images, users and passwords.
        .Replace("name: 'orders'\n", "name: 'acme-billing'\n", StringComparison.Ordinal)
        .Replace("image: orders-", "image: acme-billing-", StringComparison.Ordinal)
        .Replace("Username=orders", "Username=acme-billing", StringComparison.Ordinal)
        .Replace("_USER: orders", "_USER: acme-billing", StringComparison.Ordinal)
        .Replace("_PASSWORD:-orders", "_PASSWORD:-acme-billing", StringComparison.Ordinal)
        .Replace("amqp://orders:", "amqp://acme-billing:", StringComparison.Ordinal)
        .Replace("\"-U\", \"orders\"", "\"-U\", \"acme-billing\"", StringComparison.Ordinal);

    private static IEnumerable<string> PathsOf(JsonElement source)
    {
        var folder = source.GetProperty("source").GetString()!;
        var modifiers = source.TryGetProperty("modifiers", out var some) ? some.EnumerateArray() : [];
        return modifiers.Append(source)
            .SelectMany(part => part.TryGetProperty("exclude", out var excluded) ? Texts(excluded) : [])
            .Where(path => !path.StartsWith("**/", StringComparison.Ordinal))
            .Select(path => folder == "./" ? path : folder["./".Length..] + path)
            .Append(folder);
    }

    private static IEnumerable<string> Texts(JsonElement array) => array.EnumerateArray().Select(text => text.GetString()!);

    private static IEnumerable<string> ProjectsOnDisk(IReadOnlyDictionary<string, string> files) =>
        files.Keys.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static IEnumerable<string> ProjectsOfSolution(Scaffold made) => ProjectInSolution().Matches(made.Read($"{made.Service}.sln"))
        .Select(match => match.Groups[1].Value.Replace('\\', '/')).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"CREATE TABLE (\w+) \(")]
    private static partial Regex TableOfScript();

    [GeneratedRegex(@"CreateTable\(\s*name: ""([^""]+)""")]
    private static partial Regex TableOfMigration();

    /// <summary>What belongs to the repository of the template alone.</summary>
    [GeneratedRegex(@"^(\.git(/|$)|\.template\.config/|template/|\.ci/|docs/(?!operating\.md)|bench$|benchmarks/|faults|tests/(Commands\.Tests|Faults|Template\.Tests)/|.*/?(bin|obj)/)")]
    private static partial Regex Ours();

    /// <summary>What each service has in a version of its own.</summary>
    [GeneratedRegex(@"^(README\.md|.*\.sln|migrations/(Versions|sql)/.*|\.github/.*)$")]
    private static partial Regex OfItsOwn();

    [GeneratedRegex(@"OrderService|orders\.(events|fulfilment|notifications)|Database=orders|Template\.sln|\.sln\.sln")]
    private static partial Regex NameOfTheSample();

    [GeneratedRegex(@"#if \(|#endif( -->|$)|noSample|noInbox|noDocker|noFulfilment|isRepository")]
    private static partial Regex Condition();

    [GeneratedRegex(@"OrdersDbContext|Order(Placed|Confirmed|Rejected|Cancelled)|orders\.|/orders|--orders|PlaceOrder|Fulfilment|Notifications|\bsku\b|\bstock\b|POST /orders|JsonAmount|Idempotency-Key|(takes|acknowledge) orders")]
    private static partial Regex WordsOfTheSample();

    [GeneratedRegex(@"using Inbox|src/Inbox|AddInbox|CreateInboxGuard|inbox_message\b|Inbox\.csproj")]
    private static partial Regex WordsOfTheInbox();

    [GeneratedRegex("[Ii]nbox|[Cc]onsumer|[Hh]andler|[Dd]ead.letter|[Rr]etry queue")]
    private static partial Regex Consuming();

    [GeneratedRegex("/Order(Confirmed|Rejected)")]
    private static partial Regex Undecided();

    [GeneratedRegex("= \"[^\"]+\", \"([^\"]+\\.csproj)\"")]
    private static partial Regex ProjectInSolution();
}
