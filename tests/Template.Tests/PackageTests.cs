using System.IO.Compression;
using System.Xml.Linq;

namespace Template.Tests;

/// <summary>The NuGet package of the template. TEMPLATE_PACKAGE=FILE ./test --filter Template.Tests runs all other tests on it.</summary>
[Collection(TemplateCollection.Name)]
public sealed class PackageTests(TemplateHive hive)
{
    [Fact]
    [Trait("Speed", "slow")]
    public async Task The_package_makes_the_same_services_as_the_repository()
    {
        var place = Path.Combine(hive.Root, "package");
        await Shell.RunAsync(Servers.RepositoryRoot.Path, $"dotnet pack template/Package --nologo -v q -o '{place}'");
        var package = Directory.GetFiles(place, "*.nupkg").Single();
        await Shell.RunAsync(place, $"dotnet new install '{package}' --debug:custom-hive '{place}/hive'");

        foreach (var (name, switches) in new[] { ("Acme.Billing", ""), ("my-order.api", "--no-sample --no-docker"), ("Shop", "--no-inbox") })
        {
            var expected = await hive.NewAsync(name, switches);
            var made = new Scaffold(Path.Combine(place, name));
            await Shell.RunAsync(place, $"dotnet new outbox-service -n {name} -o '{made.Directory}' {switches} --debug:custom-hive '{place}/hive'");
            Assert.Equal(expected.Files().Keys, made.Files().Keys);
            Assert.All(made.Files(), file => Assert.Equal(File.ReadAllBytes(expected.Files()[file.Key]), File.ReadAllBytes(file.Value)));
        }

        await using var content = await ZipFile.OpenReadAsync(package);
        await using var specification = await content.Entries.Single(entry => entry.Name.EndsWith(".nuspec", StringComparison.Ordinal)).OpenAsync();
        var described = XDocument.Load(specification).Descendants().ToLookup(element => element.Name.LocalName, element => element.Value);
        Assert.All(["license", "readme", "icon", "tags", "description", "title"], field => Assert.NotEmpty(Assert.Single(described[field])));
        Assert.NotNull(content.GetEntry("README.md"));
    }
}
