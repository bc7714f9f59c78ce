using System.Diagnostics;
using System.Globalization;
using Bench.Setup;
using Servers;

namespace Bench.Peers;

/// <summary>The program in benchmarks/Peers/Wolverine, driven through its standard input and output.</summary>
internal sealed class Wolverine : IContender
{
    private const string Project = "benchmarks/Peers/Wolverine/Wolverine.csproj";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly Database _database;

    private Wolverine(Process process, Database database) => (_process, _database) = (process, database);

    public int? ProcessId => _process.Id;

    /// <summary>Builds it. Its packages come from NuGet the first time.</summary>
    public static Task BuildAsync(CancellationToken cancellationToken)
    {
        Run.Progress("Building Wolverine's program ...");
        return DotNet.BuildAsync(cancellationToken, Project);
    }

    public static Task<Wolverine> PublishAsync(Arena arena, Database database, string queue, bool confirms, int messages, int committers) =>
        StartAsync(arena, database, queue, confirms, "publish", Text(messages), Text(committers));

    public static Task<Wolverine> PaceAsync(Arena arena, Database database, string queue, bool confirms, int messages) =>
        StartAsync(arena, database, queue, confirms, "pace", Text(messages));

    /// <summary>It handles messages from the moment on at which this returns, or a little earlier.</summary>
    public static Task<Wolverine> ConsumeAsync(Arena arena, Database database, string queue) =>
        StartAsync(arena, database, queue, confirms: false, "consume");

    /// <summary>Empties its outbox of what an earlier repeat has left there.</summary>
    public static Task ForgetAsync(Database database) => database.ExecuteAsync(
        """
        DO $body$
        DECLARE outbox regclass;
        BEGIN
            FOR outbox IN SELECT oid FROM pg_class WHERE relname = 'wolverine_outgoing_envelopes' LOOP
                EXECUTE 'TRUNCATE ' || outbox;
            END LOOP;
        END
        $body$
        """);

    public async Task CommitAsync()
    {
        await _process.StandardInput.WriteLineAsync("go");
        await _process.StandardInput.FlushAsync();
        await ExpectAsync("committed");
    }

    public async Task<long> WaitingAsync()
    {
        var outbox = await _database.ScalarAsync<string>("SELECT oid::regclass::text FROM pg_class WHERE relname = 'wolverine_outgoing_envelopes'");
        return await _database.ScalarAsync<long>($"SELECT count(*) FROM {outbox}");
    }

    /// <summary>When each message was committed, by its business row's id.</summary>
    public async Task<IReadOnlyDictionary<Guid, long>> CommittedAsync()
    {
        await _process.StandardInput.WriteLineAsync("go");
        await _process.StandardInput.FlushAsync();
        return (await ReadAsync()).Split(' ').Select(pair => pair.Split('=')).ToDictionary(
            pair => Guid.Parse(pair[0]), pair => long.Parse(pair[1], CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static async Task<Wolverine> StartAsync(
        Arena arena, Database database, string queue, bool confirms, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(Path.GetDirectoryName(DotNet.Assembly(Project))!, "WolverinePeer.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["PEER_POSTGRES"] = database.ConnectionString,
                ["PEER_RABBITMQ"] = arena.RabbitMq.Uri,
                ["PEER_QUEUE"] = queue,
                ["PEER_CONFIRMS"] = confirms ? "on" : "off",
            },
        };
        var wolverine = new Wolverine(Process.Start(start)!, database);
        await wolverine.ExpectAsync("ready");
        return wolverine;
    }

    private async Task ExpectAsync(string word)
    {
        var said = await ReadAsync();
        if (said != word)
        {
            throw new BenchException($"Wolverine's program said \"{said}\" instead of \"{word}\".");
        }
    }

    private async Task<string> ReadAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new BenchException("Wolverine's program ended by itself.");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
