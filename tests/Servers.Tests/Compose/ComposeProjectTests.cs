using Servers.Docker;

namespace Servers.Tests.Compose;

public sealed class ComposeProjectTests : IDisposable
{
    private readonly DirectoryInfo _locks = Directory.CreateTempSubdirectory("compose-");

    [Fact]
    public void One_run_after_another_goes_on_with_the_same_project()
    {
        using (var first = Take())
        {
            Assert.Equal(ComposeProject.Kept, first.Name);
        }

        using var second = Take();
        Assert.True(second.IsKept);
    }

    [Fact]
    public void Of_two_runs_at_once_the_second_has_a_project_of_its_own_that_keeps_nothing()
    {
        using var first = Take();
        using var second = Take();
        using var third = Take();

        Assert.Equal([true, false, false], new[] { first, second, third }.Select(project => project.IsKept));
        Assert.Equal(3, new[] { first, second, third }.Select(project => project.Name).Distinct().Count());
        Assert.StartsWith(ComposeProject.Kept + "-", second.Name, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_killed_run_has_left_is_found_by_the_next_and_what_is_in_use_is_not()
    {
        using var kept = Take();
        using var inUse = Take();
        var killed = Take();
        killed.Dispose();

        var abandoned = Assert.Single(ComposeProject.TakeAbandoned(_locks.FullName));
        Assert.Equal(killed.Name, abandoned.Name);

        abandoned.Forget();
        abandoned.Dispose();
        Assert.Empty(ComposeProject.TakeAbandoned(_locks.FullName));
    }

    public void Dispose() => _locks.Delete(recursive: true);

    private ComposeProject Take() => ComposeProject.Take(_locks.FullName);
}
