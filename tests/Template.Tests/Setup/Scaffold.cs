using System.Text.RegularExpressions;

namespace Template.Tests;

/// <summary>A service that was made from the template.</summary>
public sealed class Scaffold(string directory)
{
    private static readonly string[] Made = ["bin", "obj", ".local"];

    public string Directory => directory;

    /// <summary>The service's name: that of its solution.</summary>
    public string Service => Path.GetFileNameWithoutExtension(System.IO.Directory.GetFiles(directory, "*.sln").Single());

    /// <summary>All files but what builds and runs have made, by their path with slashes.</summary>
    public IReadOnlyDictionary<string, string> Files() => Tree.Files(directory, path => Made.Contains(path));

    public Task<string> RunAsync(string lines) => Shell.RunAsync(directory, lines);

    public string Read(string path) => File.ReadAllText(Path.Combine(directory, path));

    /// <summary>Files in whose name or text something stands that should not.</summary>
    public IEnumerable<string> Mentions(Regex pattern) => Files()
        .Where(file => pattern.IsMatch(file.Key) || (!file.Key.EndsWith(".png", StringComparison.Ordinal) && pattern.IsMatch(File.ReadAllText(file.Value))))
        .Select(file => $"{file.Key}: {pattern.Match(file.Key + '\n' + File.ReadAllText(file.Value)).Value}");
}
