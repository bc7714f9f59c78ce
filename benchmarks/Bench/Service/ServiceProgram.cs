using Servers;
using Servers.Running;

namespace Bench.Service;

/// <summary>The sample service's program, as it runs in its image.</summary>
internal static class ServiceProgram
{
    private const string Project = "src/OrderService/OrderService.csproj";
    private static readonly string Published = Path.Combine(RepositoryRoot.Path, ".local", "bench-service");
    private static readonly TimeSpan PublishDeadline = TimeSpan.FromMinutes(10);

    private static Task<string>? _assembly;

    /// <summary>Publishes it as for its image, and builds what migrates its database, once in a run.</summary>
    /// <returns>Its assembly. With --quick it is the one that any build makes: compiling ahead takes longer than what is measured then.</returns>
    public static Task<string> BuildAsync(Scale scale, CancellationToken cancellationToken) => _assembly ??= BuildNowAsync(scale, cancellationToken);

    private static async Task<string> BuildNowAsync(Scale scale, CancellationToken cancellationToken)
    {
        Run.Progress("Building the service ...");
        await DotNet.BuildAsync(cancellationToken, MigratedDatabase.Project);
        return scale.Quick ? DotNet.Assembly(Project) : await PublishAsync(cancellationToken);
    }

    private static async Task<string> PublishAsync(CancellationToken cancellationToken)
    {
        string[] publish =
        [
            "publish", Path.Combine(RepositoryRoot.Path, Project), "--configuration", "Release", "--use-current-runtime", "--no-self-contained",
            "--output", Published, "--nologo", "-v", "q",
        ];
        await using var turn = await DotNet.BuildTurnAsync(cancellationToken);
        var published = await Command.RunAsync("dotnet", publish, PublishDeadline, cancellationToken);
        return published.Succeeded
            ? Path.Combine(Published, "OrderService.dll")
            : throw new BenchException($"{Project} cannot be published:\n{published.Output}{published.Error}");
    }
}
