using Servers;

namespace Template.Tests;

/// <summary>Runs what a user would type.</summary>
internal static class Shell
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(15);

    // Those of the SDK that runs these tests would lead the SDK under test astray; build servers would outlive it.
    private static readonly Dictionary<string, string> Environment = new()
    {
        ["CI"] = "true",
        ["DOTNET_NOLOGO"] = "true",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "true",
        ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "false",
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["UseSharedCompilation"] = "false",
    };

    /// <summary>Runs lines of bash in a directory and returns what they printed; fails the test unless they succeed.</summary>
    public static async Task<string> RunAsync(string directory, string lines)
    {
        var result = await TryAsync(directory, lines);
        Assert.True(result.Succeeded, $"{directory}$ {lines}\n{result.Output}{result.Error}");
        return result.Output;
    }

    /// <summary>The same, whatever comes of it.</summary>
    public static Task<CommandResult> TryAsync(string directory, string lines) => Command.RunAsync(
        "bash",
        ["-euc", "unset MSBuildSDKsPath MSBuildExtensionsPath MSBUILD_EXE_PATH MSBuildLoadMicrosoftTargetsReadOnly; cd \"$0\"\n" + lines, directory],
        Deadline, CancellationToken.None, Environment);
}
