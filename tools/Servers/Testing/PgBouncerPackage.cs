using Servers.Native;

namespace Servers.Testing;

/// <summary>PgBouncer, which tests put before a database to see that the product refuses it.</summary>
public static class PgBouncerPackage
{
    /// <summary>Where Debian and Ubuntu install it.</summary>
    public const string Program = "/usr/sbin/pgbouncer";

    /// <summary>Installs it where it is missing and where this user may; else the tests that need it leave themselves out.</summary>
    internal static async Task InstallWhereMissingAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(Program))
        {
            return;
        }

        const string announcement = "Installing pgbouncer for the tests that need it (once; its own service stays off) ...";
        if (await DebianPackages.TryInstallAsync(["pgbouncer"], announcement, cancellationToken) is { } fault)
        {
            await Console.Error.WriteLineAsync($"pgbouncer cannot be installed: {fault}. The tests that need it are left out.");
        }
    }
}
