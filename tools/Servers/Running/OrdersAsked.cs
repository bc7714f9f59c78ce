using System.Globalization;

namespace Servers.Running;

/// <summary>Which orders ./run was asked to place.</summary>
/// <param name="Count">How many, or null.</param>
/// <param name="File">The full path of the file that holds them, or null.</param>
internal sealed record OrdersAsked(int? Count, string? File)
{
    public const string Help =
        """
        ./run --orders N        ... then places N orders (1 to 1,000,000), waits until each has had all its effects,
                                reconciles, stops; exit code 0 only if nothing was lost or doubled or is still to come
        ./run --orders-file F   ... the same with the orders of a JSON Lines file, one request body of POST /orders a line;
                                a bad line is reported with its number, the others go on, and the exit code is 2
        """;

    private const int Most = 1_000_000;

    /// <exception cref="ServersException">An argument is unknown or out of bounds.</exception>
    public static OrdersAsked Parse(IReadOnlyList<string> arguments) => arguments switch
    {
        ["--orders", var count] => new OrdersAsked(ReadCount(count), null),
        ["--orders-file", var file] => new OrdersAsked(null, ExistingFile(file)),
        ["--orders"] => throw new ServersException("--orders needs a number: ./run --orders 2000"),
        ["--orders-file"] => throw new ServersException("--orders-file needs a file: ./run --orders-file orders.jsonl"),
        _ => throw RunCommand.Unknown(arguments),
    };

    private static int ReadCount(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= Most
            ? count
            : throw new ServersException($"--orders is \"{text}\": it must be a number from 1 to {Most.ToString("N0", CultureInfo.InvariantCulture)}.");

    private static string ExistingFile(string file)
    {
        try
        {
            // Also says now, not after a minute of set-up, that the file may not be read.
            using var readable = System.IO.File.OpenRead(file);
            return readable.Name;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ServersException($"--orders-file: {exception.Message}");
        }
    }
}
