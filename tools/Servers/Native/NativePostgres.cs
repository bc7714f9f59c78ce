using System.Globalization;
using Npgsql;

namespace Servers.Native;

/// <summary>A private PostgreSQL on a loopback port, with durable settings, that can be stopped, killed and started again.</summary>
public sealed class NativePostgres
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(1);

    private readonly PrivateDirectory _directory;
    private readonly string _bin;
    private readonly NativeOptions _options;
    private ChildProcess? _server;

    internal NativePostgres(PrivateDirectory directory, InstalledServers installed, int port, NativeOptions options)
    {
        _directory = directory;
        _bin = installed.PostgresBin;
        _options = options;
        Port = port;
        Home = Path.Combine(directory.Path, "postgres");
        Data = Path.Combine(Home, "data");
        LogFile = Path.Combine(Home, "log");
    }

    /// <summary>The loopback port; the same after a restart.</summary>
    public int Port { get; }

    /// <summary>The file the server writes its log to.</summary>
    public string LogFile { get; }

    /// <summary>The server's process id, or null while it is stopped.</summary>
    public int? ProcessId => _server is { HasExited: false } server ? server.Id : null;

    private string Home { get; }

    private string Data { get; }

    /// <summary>An Npgsql connection string of the superuser; the database need not exist.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = "postgres",
        Password = _directory.Password(),
        Database = database,
    }.ConnectionString;

    /// <summary>Starts the server, and returns when it answers. The data of an earlier start is taken up again.</summary>
    /// <exception cref="ServersException">It did not come up within a minute; the message ends with its log.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(Data))
        {
            await InitializeAsync(cancellationToken);
        }

        List<string> arguments = ["-D", Data];
        foreach (var (name, value) in Settings())
        {
            arguments.AddRange(["-c", $"{name}={value}"]);
        }

        _server = _directory.Record(ChildProcess.Start(new ChildProgram(Path.Combine(_bin, "postgres"), arguments)
        {
            User = ServerUser.Postgres,
            LogFile = LogFile,
            WhenOrphaned = Signal.Interrupt,
        }));
        await ServerStart.WaitAsync("PostgreSQL", _server, Answers.PostgresAsync, ConnectionString("postgres"), [LogFile], StartDeadline, cancellationToken);
    }

    /// <summary>Ends all sessions, writes a checkpoint and stops.</summary>
    public Task StopAsync() => StopAsync(Signal.Interrupt);

    /// <summary>Stops at once, without a checkpoint: the next start recovers from the write-ahead log.</summary>
    public Task StopImmediatelyAsync() => StopAsync(Signal.Quit);

    /// <summary>Sends a signal to the server, such as <see cref="Signal.Stop"/> to freeze the process that accepts connections.</summary>
    public void Send(Signal signal) => _server?.Send(signal);

    private async Task StopAsync(Signal signal)
    {
        if (_server is { } server)
        {
            await server.StopAsync(signal, TimeSpan.FromSeconds(20));
            // Pooled connections to a server that is gone would only fail the next time one is taken.
            NpgsqlConnection.ClearAllPools();
        }
    }

    private Dictionary<string, string> Settings() => new Dictionary<string, string>(_options.PostgresSettings)
    {
        ["listen_addresses"] = "127.0.0.1",
        ["port"] = Port.ToString(CultureInfo.InvariantCulture),
        ["unix_socket_directories"] = "",
        ["max_connections"] = "300",
        ["max_prepared_transactions"] = "20",
        ["fsync"] = _options.PostgresLosesData ? "off" : "on",
        ["full_page_writes"] = "on",
        ["synchronous_commit"] = "on",
    };

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        // Built beside and renamed: a data directory that exists is whole.
        var unfinished = Data + ".unfinished";
        Directory.CreateDirectory(Home);
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        var password = Path.Combine(Home, "password");
        await File.WriteAllTextAsync(password, _directory.Password(), cancellationToken);
        File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await ServerUser.OwnAsync(Home, ServerUser.Postgres, cancellationToken);
        var (file, arguments) = ServerUser.As(
            ServerUser.Postgres,
            Path.Combine(_bin, "initdb"),
            "--no-sync", "--auth=scram-sha-256", "--username=postgres", $"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8", "-D", unfinished);
        var made = await Command.RunAsync(file, arguments, StartDeadline, cancellationToken);
        File.Delete(password);
        if (!made.Succeeded)
        {
            throw new ServersException($"initdb failed: {made.LastLine}");
        }

        Directory.Move(unfinished, Data);
    }
}
