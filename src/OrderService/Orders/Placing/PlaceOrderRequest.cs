using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OrderService.Http;

namespace OrderService.Orders.Placing;

/// <summary>The body of POST /orders, within its bounds.</summary>
internal sealed record PlaceOrderRequest(string CustomerId, string Currency, IReadOnlyList<PlaceOrderRequest.Line> Lines)
{
    /// <exception cref="RequestRefusedException">A field is missing or out of bounds; every fault is told.</exception>
    public static PlaceOrderRequest Bind(JsonElement body)
    {
        var errors = new FieldErrors();
        var fields = JsonFields.OfRoot(body, errors);
        var request = new PlaceOrderRequest(
            fields.Text("customerId", OrderBounds.CustomerId),
            fields.Text("currency", OrderBounds.Currency),
            [.. fields.Objects("lines", OrderBounds.Lines).Select(line => new Line(
                line.Text("sku", OrderBounds.Sku),
                line.Whole("quantity", OrderBounds.Quantity),
                line.Amount("unitPrice", OrderBounds.UnitPrice)))]);
        errors.ThrowIfAny();
        return request;
    }

    /// <summary>Tells two requests apart by what they mean: spaces, the order of fields, escapes, unknown fields and trailing
    /// zeros of a price make no difference.</summary>
    public byte[] Hash()
    {
        // No text holds a line feed or a tab: they are not printable.
        var canonical = new StringBuilder().Append(CustomerId).Append('\n').Append(Currency).Append('\n');
        foreach (var line in Lines)
        {
            canonical.Append(CultureInfo.InvariantCulture, $"{line.Sku}\t{line.Quantity}\t{line.UnitPrice:0.####}\n");
        }

        return SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString()));
    }

    /// <summary>The order that the request asks for.</summary>
    public Order ToOrder(DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        CustomerId = CustomerId,
        Currency = Currency,
        Total = Lines.Sum(line => line.Quantity * line.UnitPrice),
        // PostgreSQL keeps microseconds: the answer to this request and to later ones name the same moment.
        PlacedAt = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)),
        Lines = [.. Lines.Select((line, index) => new OrderLine
        {
            Line = index + 1,
            Sku = line.Sku,
            Quantity = line.Quantity,
            UnitPrice = line.UnitPrice,
        })],
    };

    /// <summary>One line of the order.</summary>
    internal sealed record Line(string Sku, int Quantity, decimal UnitPrice);
}
