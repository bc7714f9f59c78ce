namespace Template.Tests;

/// <summary>Tests that run services made from the template, on real servers.</summary>
[CollectionDefinition(Name)]
public sealed class RunningTemplateCollection : ICollectionFixture<TemplateHive>, ICollectionFixture<ServersFixture>
{
    public const string Name = "running template";
}
