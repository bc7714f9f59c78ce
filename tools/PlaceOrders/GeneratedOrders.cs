using System.Globalization;
using System.Text.Json;

namespace PlaceOrders;

/// <summary>Orders of many customers for one to three articles each, in quantities of which a stock of millions is
/// enough: all of them can be confirmed.</summary>
internal sealed class GeneratedOrders(int count, string run) : IOrderSource
{
    private const int Customers = 500;
    private const int Articles = 1000;
    private const int MostLines = 3;
    private const int MostOfOne = 3;

    public int Count => count;

    public string Unit => "order";

    public bool MayBeBad => false;

    public string? CustomerPrefix => $"customer-{run}-";

    public IEnumerable<OrderRequest> Read()
    {
        for (var number = 1; number <= count; number++)
        {
            yield return new OrderRequest(number, JsonSerializer.Serialize(Order(), JsonSerializerOptions.Web));
        }
    }

    private object Order()
    {
        var random = Random.Shared;
        var first = random.Next(Articles);
        return new
        {
            CustomerId = string.Create(CultureInfo.InvariantCulture, $"{CustomerPrefix}{random.Next(Customers)}"),
            Currency = "EUR",
            Lines = Enumerable.Range(0, random.Next(1, MostLines + 1)).Select(line => new
            {
                Sku = string.Create(CultureInfo.InvariantCulture, $"sku-{((first + (line * 37)) % Articles) + 1}"),
                Quantity = random.Next(1, MostOfOne + 1),
                UnitPrice = random.Next(1, 1_000_000) / 10_000m,
            }),
        };
    }
}
