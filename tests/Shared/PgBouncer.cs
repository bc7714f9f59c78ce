using Npgsql;
using Servers;
using Servers.Testing;

namespace TestSupport;

/// <summary>A test that needs PgBouncer: left out with the reason where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PgBouncerFactAttribute : FactAttribute
{
    public PgBouncerFactAttribute() => Skip = File.Exists(PgBouncer.Program)
        ? null
        : "PgBouncer is not installed (apt-get install pgbouncer; SERVERS=native ./test does it where this user may).";
}

/// <summary>A private PgBouncer before a database.</summary>
public sealed class PgBouncer : IAsyncDisposable
{
    public const string Program = PgBouncerPackage.Program;

    private readonly ChildProcess _process;
    private readonly string _directory;

    private PgBouncer(ChildProcess process, string directory, string connectionString) =>
        (_process, _directory, ConnectionString) = (process, directory, connectionString);

    public string ConnectionString { get; }

    public static async Task<PgBouncer> StartAsync(string connectionString, string poolMode)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString);
        var port = FreePorts.Find(1)[0];
        var directory = Directory.CreateTempSubdirectory("pgbouncer-").FullName;
        var settings = Path.Combine(directory, "pgbouncer.ini");
        await File.WriteAllTextAsync(settings,
            $"""
            [databases]
            * = host={database.Host} port={database.Port} user={database.Username} password={database.Password}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = any
            pool_mode = {poolMode}
            """);
        // It refuses to run as root, and its user must be able to read this.
        await Command.RunAsync("chmod", ["a+rx", directory], TimeSpan.FromSeconds(10), CancellationToken.None);
        var process = ChildProcess.Start(new ChildProgram(Program, settings)
        {
            User = Environment.UserName == "root" ? "postgres" : null,
            LogFile = Path.Combine(directory, "log"),
            WhenOrphaned = Signal.Kill,
        });
        (database.Host, database.Port) = ("127.0.0.1", port);
        await Eventually.IsTrueAsync(
            async () => await Answers.PostgresAsync(database.ConnectionString, CancellationToken.None) is null,
            TimeSpan.FromSeconds(20),
            () => "PgBouncer answers: " + File.ReadAllText(Path.Combine(directory, "log")));
        return new PgBouncer(process, directory, database.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.StopAsync(Signal.Kill, TimeSpan.FromSeconds(5));
        Directory.Delete(_directory, recursive: true);
    }
}
