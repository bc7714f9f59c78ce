using System.Globalization;
using System.Net;
using System.Text;

namespace Bench.Service;

/// <summary>Clients that place orders of three lines over HTTP, side by side.</summary>
internal static class OrderClients
{
    private const int Clients = 32;
    private const int Skus = 1_000;

    public static async Task PlaceAsync(string url, int orders, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri(url) };
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(
            async () =>
            {
                for (var number = Interlocked.Increment(ref next); number <= orders; number = Interlocked.Increment(ref next))
                {
                    using var body = new StringContent(Body(number), Encoding.UTF8, "application/json");
                    using var answer = await http.PostAsync("/orders", body, cancellationToken);
                    if (answer.StatusCode != HttpStatusCode.Created)
                    {
                        throw new BenchException($"An order was answered with {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
                    }
                }
            },
            cancellationToken)));
    }

    private static string Body(int number)
    {
        var lines = Enumerable.Range(0, 3).Select(line => string.Create(
            CultureInfo.InvariantCulture, $$"""{"sku":"sku-{{1 + (((number * 7) + (line * 331)) % Skus)}}","quantity":1,"unitPrice":9.90}"""));
        return $$"""{"customerId":"c-{{number % 1_000}}","currency":"EUR","lines":[{{string.Join(',', lines)}}]}""";
    }
}
