using System.Globalization;
using OrderService.Http;

namespace OrderService.Orders.Reading;

/// <summary>The query parameters of GET /orders, within their bounds.</summary>
internal sealed record ListOrdersQuery(string? CustomerId, OrderStatus? Status, OrderCursor? After, int Limit)
{
    public const int UsualLimit = 50;
    public const int HighestLimit = 200;

    /// <exception cref="RequestRefusedException">A parameter is out of bounds, or given more than once; every fault is told.</exception>
    public static ListOrdersQuery Bind(IQueryCollection query)
    {
        var errors = new FieldErrors();
        var bound = new ListOrdersQuery(
            Take(query, errors, "customerId", OrderBounds.CustomerId.Text, text => OrderBounds.CustomerId.Allows(text) ? text : null),
            Take(query, errors, "status", $"one of {string.Join(", ", StatusNames)}", ReadStatus),
            Take(query, errors, "after", "the value of \"next\" from a page before", text => OrderCursor.TryParse(text, out var cursor) ? cursor : (OrderCursor?)null),
            Take(query, errors, "limit", $"a whole number from 1 to {HighestLimit}", ReadLimit) ?? UsualLimit);
        errors.ThrowIfAny();
        return bound;
    }

    public static IEnumerable<string> StatusNames => Enum.GetNames<OrderStatus>().Select(name => name.ToLowerInvariant());

    private static OrderStatus? ReadStatus(string text) => StatusNames.Contains(text) ? Enum.Parse<OrderStatus>(text, ignoreCase: true) : null;

    private static int? ReadLimit(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= HighestLimit ? limit : null;

    private static T? Take<T>(IQueryCollection query, FieldErrors errors, string name, string bound, Func<string, T?> read)
    {
        if (!query.TryGetValue(name, out var values) || values is [""])
        {
            return default;
        }

        if (values is [{ } text] && read(text) is { } value)
        {
            return value;
        }

        errors.Add(name, $"must be given once, as {bound}.");
        return default;
    }
}
