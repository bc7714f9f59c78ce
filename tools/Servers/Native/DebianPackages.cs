using System.Reflection;

namespace Servers.Native;

/// <summary>Installs the servers' packages on Debian and Ubuntu, where they are missing and where this user may.</summary>
internal static class DebianPackages
{
    private const string ScriptName = "install-packages.sh";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(20);

    /// <summary>The installed servers, after an installation where that was needed.</summary>
    /// <exception cref="ServersException">Servers are missing and cannot be installed; the message says what to do.</exception>
    public static async Task<InstalledServers> EnsureInstalledAsync(CancellationToken cancellationToken)
    {
        var (installed, missing) = InstalledServers.Find();
        if (installed is not null)
        {
            return installed;
        }

        List<string> packages = [];
        if (missing.Any(what => what.StartsWith("PostgreSQL", StringComparison.Ordinal)))
        {
            packages.Add("postgresql");
        }

        if (missing.Any(what => what.StartsWith("RabbitMQ", StringComparison.Ordinal)))
        {
            packages.Add("rabbitmq-server");
        }

        if (await TryInstallAsync(packages, $"Installing {string.Join(" and ", packages)} (once; their own services stay off) ...", cancellationToken) is { } fault)
        {
            throw Missing(missing, $"they cannot be installed automatically ({fault})");
        }

        (installed, missing) = InstalledServers.Find();
        return installed ?? throw Missing(missing, "the packages of this system do not provide them");
    }

    /// <summary>Installs packages with apt-get, whose own services stay off.</summary>
    /// <param name="packages">Their names.</param>
    /// <param name="announcement">Said on standard error before it begins.</param>
    /// <param name="cancellationToken">Ends the wait for it, not the installation.</param>
    /// <returns>Why that is not possible; null where it was done.</returns>
    public static async Task<string?> TryInstallAsync(IReadOnlyList<string> packages, string announcement, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/apt-get"))
        {
            return "this is not Debian or Ubuntu";
        }

        if (await ElevationAsync(cancellationToken) is not { } elevation)
        {
            return "this user is not root and has no password-less sudo";
        }

        await Console.Error.WriteLineAsync(announcement);
        return await InstallAsync(elevation, packages, cancellationToken) is { } fault ? $"apt-get: {fault}" : null;
    }

    private static async Task<IReadOnlyList<string>?> ElevationAsync(CancellationToken cancellationToken)
    {
        if (Posix.IsRoot)
        {
            return [];
        }

        var sudo = await Command.RunAsync("sudo", ["-n", "true"], TimeSpan.FromSeconds(10), cancellationToken);
        return sudo.Succeeded ? ["sudo", "-n"] : null;
    }

    // Ended in time by timeout, which runs as the user that apt-get runs as. It also stands in a process group of its own, so
    // that a Ctrl-C at the terminal does not reach what it has started.
    private static Task<string?> InstallAsync(IReadOnlyList<string> elevation, IReadOnlyList<string> packages, CancellationToken cancellationToken) =>
        Installation.RunAsync(
            [.. elevation, "timeout", "-k", "30", "900", "bash", "-c", Script(), "bash", .. packages], Deadline, cancellationToken);

    private static string Script()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(ScriptName)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static ServersException Missing(IReadOnlyList<string> missing, string why) => new(
        $"""
        Missing: {string.Join(" and ", missing)}; {why}.
        Do one of these:
          - install them:      sudo apt-get install postgresql rabbitmq-server   (Debian 12, Ubuntu 24.04 or newer)
          - start Docker, with the images {Docker.Images.Postgres} and {Docker.Images.RabbitMq}
          - use your own:      set ConnectionStrings__Postgres and ConnectionStrings__RabbitMq
        """);
}
