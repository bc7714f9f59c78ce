using System.Globalization;

namespace Servers.Running;

/// <summary>What ./run was asked to do.</summary>
/// <param name="Orders">How many orders to place, or null.</param>
/// <param name="OrdersFile">The full path of the file with the orders to place, or null.</param>
internal sealed record RunArguments(int? Orders, string? OrdersFile)
{
    public const string Help =
        """
        ./run                   starts the whole service on http://127.0.0.1:8080 and serves until Ctrl-C
        ./run --orders N        ... then places N orders (1 to 1,000,000), waits until each has had all its effects,
                                reconciles, stops; exit code 0 only if nothing was lost or doubled
        ./run --orders-file F   ... the same with the orders of a JSON Lines file, one request body of POST /orders a line;
                                a bad line is reported with its number, the others go on, and the exit code is 2

        environment:
          PORT                                               another port than 8080
          ConnectionStrings__Postgres, ConnectionStrings__RabbitMq   servers of your own (set both)
          SERVERS=docker|native                              containers, or this machine's own packages
        Settings of the service, such as Outbox__BatchSize, are passed on to it.
        """;

    private const int MostOrders = 1_000_000;

    /// <summary>Whether orders are placed, instead of serving until Ctrl-C.</summary>
    public bool PlacesOrders => Orders is not null || OrdersFile is not null;

    /// <exception cref="ServersException">An argument is unknown or out of bounds.</exception>
    public static RunArguments Parse(IReadOnlyList<string> arguments) => arguments switch
    {
        [] => new RunArguments(null, null),
        ["--orders", var count] => new RunArguments(Count(count), null),
        ["--orders-file", var file] => new RunArguments(null, ExistingFile(file)),
        ["--orders"] => throw new ServersException("--orders needs a number: ./run --orders 2000"),
        ["--orders-file"] => throw new ServersException("--orders-file needs a file: ./run --orders-file orders.jsonl"),
        _ => throw new ServersException($"Unknown arguments: {string.Join(' ', arguments)}. ./run --help says what there is."),
    };

    /// <summary>The port to serve on.</summary>
    /// <exception cref="ServersException">PORT is no port, or another program listens on it.</exception>
    public static int Port()
    {
        var text = Environment.GetEnvironmentVariable("PORT");
        var port = 8080;
        if (!string.IsNullOrWhiteSpace(text)
            && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535))
        {
            throw new ServersException($"PORT is \"{text}\": it must be a number from 1 to 65535.");
        }

        return FreePorts.IsFree(port)
            ? port
            : throw new ServersException($"Port {port} of 127.0.0.1 is taken. Set PORT to another one: PORT={Another(port)} ./run");
    }

    private static int Another(int port) => port < 65535 ? port + 1 : 8080;

    private static int Count(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= MostOrders
            ? count
            : throw new ServersException($"--orders is \"{text}\": it must be a number from 1 to {MostOrders.ToString("N0", CultureInfo.InvariantCulture)}.");

    private static string ExistingFile(string file)
    {
        try
        {
            // Also says now, not after a minute of set-up, that the file may not be read.
            using var readable = File.OpenRead(file);
            return readable.Name;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ServersException($"--orders-file: {exception.Message}");
        }
    }
}
