using System.Text.RegularExpressions;

namespace Servers.Docker;

/// <summary>A Docker engine that answers and has the servers' images.</summary>
/// <param name="ApiVersion">The newest API version it speaks.</param>
public sealed partial record DockerEngine(Version ApiVersion)
{
    // A pull that hangs says nothing at all; one that is only slow names its layers first.
    private static readonly TimeSpan FirstWord = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan PullDeadline = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(10);

    /// <summary>The engine, or the reason why none can be used. Images that it does not have are pulled, in bounded time.</summary>
    public static async Task<(DockerEngine? Engine, string? Reason)> FindAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(ComposeServers.Definition))
        {
            return (null, "this repository has no docker-compose.yml");
        }

        var version = await Command.RunAsync(
            "docker", ["version", "--format", "{{.Server.APIVersion}}"], AnswerDeadline, cancellationToken);
        if (!version.Succeeded || !Version.TryParse(version.Output.Trim(), out var apiVersion))
        {
            return (null, version.ExitCode == 127 ? "there is no docker command" : $"no Docker engine answers ({version.LastLine})");
        }

        foreach (var image in new[] { Images.Postgres, Images.RabbitMq })
        {
            if (await RefusalAsync(image, cancellationToken) is { } refusal)
            {
                return (null, refusal);
            }
        }

        return (new DockerEngine(apiVersion), null);
    }

    /// <summary>Whether the engine has the image or can pull it.</summary>
    public static async Task<bool> HasImageAsync(string image, CancellationToken cancellationToken) =>
        await RefusalAsync(image, cancellationToken) is null;

    private static async Task<string?> RefusalAsync(string image, CancellationToken cancellationToken)
    {
        var inspected = await Command.RunAsync("docker", ["image", "inspect", image], AnswerDeadline, cancellationToken);
        if (inspected.Succeeded)
        {
            return null;
        }

        await Console.Error.WriteLineAsync($"Pulling {image} ...");
        var pulled = await Command.RunAsync("docker", ["pull", image], PullDeadline, cancellationToken, firstWord: FirstWord);
        return pulled.Succeeded ? null : $"the Docker engine has no {image} and cannot pull it ({Shortened(pulled.LastLine)})";
    }

    private static string Shortened(string line) => LongAddress().Replace(line, "...");

    [GeneratedRegex("\\?[^ ]{40,}")]
    private static partial Regex LongAddress();
}
