using System.Text.RegularExpressions;

namespace Template.Tests;

/// <summary>A section of a service's README, followed to the letter.</summary>
internal sealed partial class Recipe(string title, string text)
{
    public string Title => title;

    /// <summary>The sections below "## Recipes".</summary>
    public static IReadOnlyList<Recipe> Of(Scaffold scaffold)
    {
        var readme = scaffold.Read("README.md");
        return [.. readme[readme.IndexOf("## Recipes", StringComparison.Ordinal)..].Split("\n### ").Skip(1)
            .Select(section => new Recipe(section[..section.IndexOf('\n')], section))];
    }

    /// <summary>Does what each block says: writes a file, adds lines to one, or runs commands. A block that names no file is an
    /// illustration.</summary>
    public async Task FollowAsync(Scaffold scaffold)
    {
        foreach (Match block in Block().Matches(text))
        {
            var body = block.Groups["body"].Value;
            var file = File().Match(body);
            var path = Path.Combine(scaffold.Directory, file.Groups["path"].Value);
            switch (block.Groups["language"].Value)
            {
                case "bash":
                    await scaffold.RunAsync(body);
                    break;
                case "csharp" when file.Success:
                    Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                    await System.IO.File.WriteAllTextAsync(path, body[file.Length..]);
                    break;
                case "diff":
                    await System.IO.File.WriteAllTextAsync(path, Changed(await System.IO.File.ReadAllTextAsync(path), body[file.Length..], path));
                    break;
            }
        }
    }

    private static string Changed(string content, string diff, string path)
    {
        foreach (var part in diff.Split("@@\n"))
        {
            var lines = part.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var before = string.Concat(lines.Where(line => line[0] is ' ' or '-').Select(line => line[1..] + '\n'));
            var after = string.Concat(lines.Where(line => line[0] is ' ' or '+').Select(line => line[1..] + '\n'));
            Assert.True(content.Split(before).Length == 2, $"{path} has not exactly one place that reads\n{before}");
            content = content.Replace(before, after, StringComparison.Ordinal);
        }

        return content;
    }

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<body>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\A// (?<path>\S+/\S+|\S+\.props|\.dockerignore|Dockerfile)\n")]
    private static partial Regex File();
}
