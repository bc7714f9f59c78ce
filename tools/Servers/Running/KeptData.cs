using Servers.Docker;
using Servers.Native;

namespace Servers.Running;

/// <summary>What is in the servers that ./run has started stays there for its next start.</summary>
internal static class KeptData
{
    /// <summary>What the directories of private servers begin with.</summary>
    public const string Name = "run";

    /// <summary>Where it is, and how to begin afresh.</summary>
    public static string Help =>
        $"""
        The data is kept for the next start. To begin afresh, while nothing runs:
          rm -r {PrivateDirectory.Root}/{Name}-*{(File.Exists(ComposeServers.Definition) ? $"\n  docker compose -p {ComposeProject.Kept} down --volumes     (containers)" : "")}
        """;
}
