using Servers;

namespace Faults;

/// <summary>A way to break the service, as a patch. Its file begins with what is broken, the case that shows it, and how.</summary>
/// <param name="Name">The name of the patch.</param>
/// <param name="Breaks">One line.</param>
/// <param name="Case">The case that must turn red.</param>
/// <param name="Seen">What the checker must call it: one of <see cref="Findings.Harms"/>.</param>
/// <param name="File">The patch.</param>
internal sealed record Mutant(string Name, string Breaks, FaultCase Case, string Seen, string File)
{
    private const string CaseMark = "Case: ";
    private const string SeenMark = "Seen: ";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    /// <summary>All of them, in the order of their names.</summary>
    public static IReadOnlyList<Mutant> All { get; } =
        [.. Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "tests", "Faults", "Mutants"), "*.patch").Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>Copies the tree to <paramref name="root"/> and applies the patch there.</summary>
    /// <exception cref="ServersException">It does not apply any more.</exception>
    public async Task MakeAsync(string root, CancellationToken cancellationToken)
    {
        var tree = await GitAsync(["-C", RepositoryRoot.Path, "ls-files", "-z"], null, cancellationToken);
        foreach (var name in tree.Output.TrimEnd('\n').Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var source = Path.Combine(RepositoryRoot.Path, name);
            if (System.IO.File.Exists(source))
            {
                var target = Path.Combine(root, name);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                System.IO.File.Copy(source, target, overwrite: true);
            }
        }

        // Outside of any repository git is a plain patch tool.
        await GitAsync(["-C", root, "apply", File], new Dictionary<string, string> { ["GIT_CEILING_DIRECTORIES"] = Path.GetDirectoryName(root)! }, cancellationToken);
    }

    private static Mutant Read(string file)
    {
        var lines = System.IO.File.ReadLines(file).Take(3).ToList();
        var (name, seen) = (After(CaseMark, lines[1]), After(SeenMark, lines[2]));
        return new Mutant(
            Path.GetFileNameWithoutExtension(file),
            lines[0],
            CaseCatalogue.All.FirstOrDefault(known => known.Name == name) ?? throw new ServersException($"{file} names no case that there is: \"{name}\"."),
            Findings.Harms.Contains(seen) ? seen : throw new ServersException($"{file} does not say how it is seen: \"{seen}\"."),
            file);
    }

    private static string After(string mark, string line) => line.StartsWith(mark, StringComparison.Ordinal) ? line[mark.Length..] : "";

    private async Task<CommandResult> GitAsync(IReadOnlyList<string> arguments, Dictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        var done = await Command.RunAsync("git", arguments, Deadline, cancellationToken, environment);
        return done.Succeeded ? done : throw new ServersException($"The mutant {Name} cannot be made: {done.Error}");
    }
}
