using Npgsql;

namespace Migrations;

/// <summary>The program: brings a database up to date.</summary>
internal static class MigrationCommand
{
    private const string Help =
        """
        Creates the database of ConnectionStrings__Postgres where it is absent, and applies the migrations that it lacks.
        Started twice at once, one waits for the other.

          --fill-stock   also fills an empty stock: sku-1 to sku-1000, a million each
          --help         this text

        Waits up to a minute for the server. Exit codes: 0 the database is up to date, 1 it is not, 2 the arguments or the
        connection string are not understood.
        """;

    private const string Setting = "ConnectionStrings__Postgres";
    private const string FillStock = "--fill-stock";

    public static async Task<int> Main(string[] args)
    {
        if (args is ["--help"] or ["-h"])
        {
            Console.WriteLine(Help);
            return 0;
        }

        if (args.FirstOrDefault(argument => argument != FillStock) is { } unknown)
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
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        return await MigrateAsync(new TargetDatabase(address), args.Contains(FillStock), stop.Token);
    }

    private static async Task<int> MigrateAsync(TargetDatabase database, bool fillStock, CancellationToken cancellationToken)
    {
        try
        {
            await database.CreateIfAbsentAsync(cancellationToken);
            Console.WriteLine($"Database {database.Name} is at {await database.MigrateAsync(cancellationToken)}.");
            if (fillStock)
            {
                await InitialStock.FillAsync(database, cancellationToken);
            }

            return 0;
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"Database {database.Name} was not brought up to date: {exception.Message}");
            return 1;
        }
    }

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine(reason);
        return 2;
    }
}
