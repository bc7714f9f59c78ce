namespace Servers.Native;

/// <summary>Where the machine's own server programs lie, and which versions they are.</summary>
/// <param name="PostgresBin">The directory of postgres and initdb.</param>
/// <param name="PostgresVersion">At least 14.</param>
/// <param name="RabbitMqBin">The directory of rabbitmq-server and rabbitmqctl, not of Debian's wrappers, which insist on
/// the user root or rabbitmq and on the system's own data directory.</param>
/// <param name="RabbitMqVersion">At least 3.10.</param>
internal sealed record InstalledServers(string PostgresBin, Version PostgresVersion, string RabbitMqBin, Version RabbitMqVersion)
{
    private static readonly Version OldestPostgres = new(14, 0);
    private static readonly Version OldestRabbitMq = new(3, 10);

    /// <summary>What is missing or too old, in words, and the servers where nothing is.</summary>
    public static (InstalledServers? Found, IReadOnlyList<string> Missing) Find()
    {
        List<string> missing = [];
        var postgres = Newest(PostgresDirectories(), "postgres", PostgresVersionOf);
        if (postgres is null || postgres.Value.Version < OldestPostgres)
        {
            missing.Add($"PostgreSQL {OldestPostgres.Major} or newer{Seen(postgres?.Version)}");
        }

        var rabbit = Newest(RabbitMqDirectories(), "rabbitmq-server", RabbitMqVersionOf);
        if (rabbit is null || rabbit.Value.Version < OldestRabbitMq)
        {
            missing.Add($"RabbitMQ {OldestRabbitMq} or newer{Seen(rabbit?.Version)}");
        }

        return missing.Count > 0
            ? (null, missing)
            : (new InstalledServers(postgres!.Value.Directory, postgres.Value.Version, rabbit!.Value.Directory, rabbit.Value.Version), []);
    }

    private static string Seen(Version? version) => version is null ? "" : $" (found {version})";

    private static (string Directory, Version Version)? Newest(
        IEnumerable<string> directories, string program, Func<string, Version?> versionOf) =>
        directories
            .Where(directory => File.Exists(Path.Combine(directory, program)))
            .Select(directory => (Directory: directory, Version: versionOf(directory)))
            .Where(found => found.Version is not null)
            .OrderByDescending(found => found.Version)
            .Select(found => ((string, Version)?)(found.Directory, found.Version!))
            .FirstOrDefault();

    private static IEnumerable<string> PostgresDirectories() =>
        Subdirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Concat(SearchPath());

    private static IEnumerable<string> RabbitMqDirectories() =>
        Subdirectories("/usr/lib/rabbitmq/lib").Select(version => Path.Combine(version, "sbin"))
            .Concat(SearchPath().Where(directory => !directory.StartsWith("/usr/sbin", StringComparison.Ordinal)));

    private static string[] SearchPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Subdirectories(string directory) =>
        Directory.Exists(directory) ? Directory.GetDirectories(directory) : [];

    private static Version? PostgresVersionOf(string bin)
    {
        var said = Run(Path.Combine(bin, "postgres"), "--version");
        // "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
        return said.Split(' ').Select(word => Version.TryParse(word, out var version) ? version : null).FirstOrDefault(v => v is not null);
    }

    private static Version? RabbitMqVersionOf(string sbin)
    {
        // .../rabbitmq_server-3.10.8/sbin: asking the program itself takes a second.
        var program = new FileInfo(Path.Combine(sbin, "rabbitmq-server"));
        var home = (program.ResolveLinkTarget(returnFinalTarget: true) ?? program) is FileInfo { Directory.Parent: { } parent } ? parent.Name : "";
        return Version.TryParse(home[(home.LastIndexOf('-') + 1)..], out var version) ? version : null;
    }

    private static string Run(string file, string argument) =>
        Command.RunAsync(file, [argument], TimeSpan.FromSeconds(10), CancellationToken.None).GetAwaiter().GetResult().Output;
}
