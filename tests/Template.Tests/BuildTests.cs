namespace Template.Tests;

/// <summary>New services build. In ./test the parts that differ from this repository, which is built anyway; with --all every
/// combination of switches as a whole, and every name.</summary>
[Collection(TemplateCollection.Name)]
public sealed class BuildTests(TemplateHive hive)
{
    private const string Build = "dotnet build -c Release --nologo -v q -clp:NoSummary";

    public static TheoryData<string, string> Whole => Variants.Theory(
        [.. Variants.Combinations.Select(switches => ("Acme.Billing", switches)), .. Variants.Names.Select(name => (name, ""))]);

    [Theory]
    [InlineData("--no-sample")]
    [InlineData("--no-inbox")]
    public async Task What_a_switch_changes_builds_without_warnings_and_needs_no_further_migration(string switches)
    {
        var made = await hive.NewAsync("my-order.api", switches);

        // Not a second time with failpoints.
        await made.RunAsync($"{Build} tests/{made.Service}.Tests -p:ProcessUnderTest= && {Build} tests/Servers.Tests");

        // A filter that nothing matches is no failure by itself.
        await made.RunAsync(
            $"dotnet test tests/{made.Service}.Tests/bin/Release/net10.0/{made.Service}.Tests.dll --filter The_model_has_no_change_that_no_migration_makes -- RunConfiguration.TreatNoTestsAsError=true");
    }

    [Theory]
    [Trait("Speed", "slow")]
    [MemberData(nameof(Whole))]
    public async Task Every_service_builds_without_warnings_and_is_formatted(string name, string switches)
    {
        var made = await hive.NewAsync(name, switches);

        await made.RunAsync($"{Build} '{made.Service}.sln' && dotnet format '{made.Service}.sln' --verify-no-changes --no-restore");

        Directory.Delete(made.Directory, recursive: true);
    }
}
