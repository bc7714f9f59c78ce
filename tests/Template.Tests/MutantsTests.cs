using Servers;

namespace Template.Tests;

/// <summary>The mutants of <c>./faults --mutants</c> are patches; a run of them takes a quarter of an hour, this one a moment.</summary>
public sealed class MutantsTests
{
    [Fact]
    public async Task Each_mutant_fits_the_code()
    {
        var mutants = Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "tests", "Faults", "Mutants"), "*.patch");
        Assert.Equal(9, mutants.Length);
        foreach (var mutant in mutants)
        {
            var applied = await Command.RunAsync("git", ["-C", RepositoryRoot.Path, "apply", "--check", mutant], TimeSpan.FromMinutes(1), CancellationToken.None);

            Assert.True(applied.Succeeded, applied.Error);
        }
    }
}
