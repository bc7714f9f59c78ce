using System.Globalization;

namespace PlaceOrders;

/// <summary>What to place where.</summary>
internal sealed record Arguments(Uri Url, IOrderSource Orders, string Postgres, string RabbitMq, string Exchange)
{
    public const string Help =
        """
        place-orders --url URL (--orders N | --orders-file F)
          places orders over HTTP, waits for all their effects and reconciles; ./run --orders is the easy way to it
        environment:
          ConnectionStrings__Postgres, ConnectionStrings__RabbitMq   the servers that the service uses
          Outbox__Exchange                                           its exchange, orders.events unless set
        """;

    private const string DefaultExchange = "orders.events";

    /// <exception cref="PlacingException">An argument or a connection string is missing.</exception>
    public static Arguments Parse(IReadOnlyList<string> arguments, string run) => arguments switch
    {
        ["--url", var url, "--orders", var count] =>
            For(url, new GeneratedOrders(int.Parse(count, NumberStyles.None, CultureInfo.InvariantCulture), run)),
        ["--url", var url, "--orders-file", var file] => For(url, new OrdersFile(file)),
        _ => throw new PlacingException(Help),
    };

    private static Arguments For(string url, IOrderSource orders) => new(
        new Uri(url),
        orders,
        Required("ConnectionStrings__Postgres"),
        Required("ConnectionStrings__RabbitMq"),
        Environment.GetEnvironmentVariable("Outbox__Exchange") is { Length: > 0 } exchange ? exchange : DefaultExchange);

    private static string Required(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : throw new PlacingException($"{name} is not set.");
}
