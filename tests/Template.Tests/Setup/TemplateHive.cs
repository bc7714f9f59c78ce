using Servers;

namespace Template.Tests;

/// <summary>Tests of the template stand in this collection: they share one installation of it.</summary>
[CollectionDefinition(Name)]
public sealed class TemplateCollection : ICollectionFixture<TemplateHive>
{
    public const string Name = "template";
}

/// <summary>The template, installed from this repository into a place of its own, and the services made from it.</summary>
public sealed class TemplateHive : IAsyncLifetime
{
    /// <summary>The directory that is deleted at the end.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("template-").FullName;

    /// <summary>Installs the repository. <c>TEMPLATE_PACKAGE</c> names a package to test instead.</summary>
    public async Task InitializeAsync()
    {
        var source = Environment.GetEnvironmentVariable("TEMPLATE_PACKAGE") is { Length: > 0 } package ? package : RepositoryRoot.Path;
        await Shell.RunAsync(Root, $"dotnet new install '{source}' --debug:custom-hive '{Root}/hive'");
    }

    public Task DisposeAsync()
    {
        Directory.Delete(Root, recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>dotnet new outbox-service -n NAME with switches, into a new directory.</summary>
    public async Task<Scaffold> NewAsync(string name, string switches = "", string? folder = null)
    {
        var directory = Path.Combine(Root, folder ?? Guid.NewGuid().ToString("N")[..8]);
        await Shell.RunAsync(Root, $"dotnet new outbox-service -n '{name}' -o '{directory}' {switches} --debug:custom-hive '{Root}/hive'");
        return new Scaffold(directory);
    }
}
