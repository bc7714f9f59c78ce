using System.Runtime.InteropServices;
using Npgsql;

namespace Migrations;

/// <summary>The program: brings a database up to date.</summary>
internal static class MigrationCommand
{
    private const string Setting = "ConnectionStrings__Postgres";

    private static readonly IReadOnlyList<Filling> Fillings =
    [
#if (!noFulfilment)
        InitialStock.Filling,
#endif
    ];

    private static string Help =>
        $"""
        Creates the database of {Setting} where it is absent, and applies the migrations that it lacks.
        Started twice at once, one waits for the other.

        {string.Concat(Fillings.Select(filling => $"  {filling.Option,-15}{filling.Help}\n"))}  --help         this text

        Waits up to a minute for the server. Exit codes: 0 the database is up to date, 1 it is not, 2 the arguments or the
        connection string are not understood.
        """;

    public static async Task<int> Main(string[] args)
    {
        if (args is ["--help"] or ["-h"])
        {
            Console.WriteLine(Help);
            return 0;
        }

        if (args.FirstOrDefault(argument => Fillings.All(filling => filling.Option != argument)) is { } unknown)
        {
            return Refuse($"Unknown argument: {unknown}. --help says what there is.");
        }

        NpgsqlConnectionStringBuilder address;
        try
        {
            address = TargetDatabase.ReadAddress(Environment.GetEnvironmentVariable(Setting));
        }
        catch (ArgumentException fault)
        {
            return Refuse($"{Setting} {fault.Message}");
        }

        using var stop = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return await MigrateAsync(new TargetDatabase(address), Fillings.Where(filling => args.Contains(filling.Option)), stop.Token);

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task<int> MigrateAsync(TargetDatabase database, IEnumerable<Filling> fillings, CancellationToken cancellationToken)
    {
        try
        {
            await database.CreateIfAbsentAsync(cancellationToken);
            Console.WriteLine($"Database {database.Name} is at {await database.MigrateAsync(cancellationToken)}.");
            foreach (var filling in fillings)
            {
                await database.ExecuteAsync(filling.Sql, cancellationToken);
            }

            return 0;
        }
        // EF Core wraps what may pass.
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException or OperationCanceledException or InvalidOperationException { InnerException: NpgsqlException })
        {
            await Console.Error.WriteLineAsync($"Database {database.Name} was not brought up to date: {Describe(exception)}");
            return 1;
        }
    }

    private static string Describe(Exception exception) => exception switch
    {
        InvalidOperationException { InnerException: { } wrapped } => Describe(wrapped),
        { InnerException: { } cause } => $"{exception.Message} ({cause.Message})",
        _ => exception.Message,
    };

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine(reason);
        return 2;
    }
}
