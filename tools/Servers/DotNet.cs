namespace Servers;

/// <summary>Builds and locates the projects of this repository.</summary>
internal static class DotNet
{
    private const string Configuration = "Release";
    private static readonly TimeSpan BuildDeadline = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan TurnDeadline = TimeSpan.FromMinutes(30);

    /// <summary>Builds projects or a solution, quietly.</summary>
    /// <exception cref="ServersException">It does not build; the message holds the errors.</exception>
    public static async Task BuildAsync(CancellationToken cancellationToken, params IReadOnlyList<string> projects)
    {
        await using var turn = await BuildTurnAsync(cancellationToken);
        foreach (var project in projects)
        {
            var built = await Command.RunAsync(
                "dotnet",
                ["build", Path.Combine(RepositoryRoot.Path, project), "-c", Configuration, "--nologo", "-v", "q", "-clp:NoSummary;ErrorsOnly"],
                BuildDeadline,
                cancellationToken);
            if (!built.Succeeded)
            {
                throw new ServersException($"{project} does not build:\n{built.Output}{built.Error}");
            }
        }
    }

    /// <summary>Builds of one checkout take turns, since they write the same files: nobody else's is under way until the result
    /// is disposed of. tools/with-sdk takes the same lock.</summary>
    /// <exception cref="ServersException">The others took half an hour.</exception>
    public static Task<FileStream> BuildTurnAsync(CancellationToken cancellationToken) => LockedFile.TakeAsync(
        Path.Combine(Directory.CreateDirectory(Path.Combine(RepositoryRoot.Path, ".local")).FullName, "build.lock"),
        TurnDeadline,
        "Waiting for another build in this checkout ...",
        cancellationToken);

    /// <summary>The program that a project file builds.</summary>
    public static string Assembly(string project) => Path.Combine(
        RepositoryRoot.Path,
        Path.GetDirectoryName(project)!,
        "bin",
        Configuration,
        $"net{Environment.Version.Major}.0",
        Path.GetFileNameWithoutExtension(project) + ".dll");

    /// <summary>The same as a child, in the directory that holds its settings.</summary>
    public static ChildProgram Program(string project, params IReadOnlyList<string> arguments) =>
        new("dotnet", [Assembly(project), .. arguments]) { Directory = Path.GetDirectoryName(Assembly(project)) };
}
