using System.Security.Cryptography;
using Servers;

namespace Faults;

/// <summary>The programs under test, built with failpoints into a place of their own.</summary>
/// <param name="Service">The order service.</param>
/// <param name="Migrations">The program that creates its tables.</param>
internal sealed record ServiceBuild(string Service, string Migrations)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    /// <summary>Builds the tree at <paramref name="root"/>.</summary>
    /// <exception cref="ServersException">It does not build; the message holds the errors.</exception>
    public static async Task<ServiceBuild> MakeAsync(string root, CancellationToken cancellationToken)
    {
        await using var turn = await DotNet.BuildTurnAsync(cancellationToken);
        var built = await Command.RunAsync(
            "dotnet",
            [
                "build", Path.Combine(root, "migrations", "Migrations.csproj"), "-c", "Release", "--nologo", "-v", "q",
                "-clp:NoSummary;ErrorsOnly", "-p:Failpoints=true", "-p:TreatWarningsAsErrors=false",
            ],
            Deadline,
            cancellationToken);
        return built.Succeeded
            ? new ServiceBuild(Program(root, "OrderService"), Program(root, "Migrations"))
            : throw new ServersException($"The service with failpoints does not build:\n{built.Output}{built.Error}");
    }

    /// <summary>The same for the same assemblies, those of this program among them: it chooses the cases and judges them. A
    /// commit alone changes it, since its id stands in the assemblies.</summary>
    public string Identity()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var assembly in Assemblies(Service).Concat(Assemblies(Migrations)).Append(typeof(ServiceBuild).Assembly.Location))
        {
            hash.AppendData(File.ReadAllBytes(assembly));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private static IEnumerable<string> Assemblies(string program) =>
        Directory.GetFiles(Path.GetDirectoryName(program)!, "*.dll").Order(StringComparer.Ordinal);

    private static string Program(string root, string project) =>
        Path.Combine(root, ".local", "failpoints", "bin", project, "release", project);
}
