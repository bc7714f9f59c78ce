using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace PlaceOrders;

/// <summary>Places orders over HTTP, many at a time. What it does not know the outcome of it sends again under the same
/// Idempotency-Key, so that each request becomes one order.</summary>
internal sealed class Placer(Uri url, IOrderSource source, string run)
{
    private const int Concurrency = 32;
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private int _handled;
    private long _lastAnswer = Stopwatch.GetTimestamp();

    /// <summary>The orders the service has told us of, by the Idempotency-Key they were placed under.</summary>
    public ConcurrentDictionary<string, Guid> Placed { get; } = new();

    /// <summary>What the service refused, and why, by the number of the request.</summary>
    public ConcurrentDictionary<int, string> Refused { get; } = new();

    /// <summary>What the service never answered, by the number of the request: each may be an order or not.</summary>
    public ConcurrentDictionary<int, string> Unanswered { get; } = new();

    /// <summary>How many requests have an outcome.</summary>
    public int Handled => Volatile.Read(ref _handled);

    /// <summary>What all Idempotency-Keys of this run begin with.</summary>
    public string KeyPrefix => $"{run}-";

    /// <exception cref="PlacingException">The service has not answered any request for two minutes.</exception>
    public async Task PlaceAllAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Concurrency })
        {
            BaseAddress = url,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        var options = new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(source.Read(), options, async (order, token) =>
        {
            await PlaceAsync(http, order, token);
            Interlocked.Increment(ref _handled);
        });
    }

    private async Task PlaceAsync(HttpClient http, OrderRequest order, CancellationToken cancellationToken)
    {
        var key = KeyPrefix + order.Number.ToString(CultureInfo.InvariantCulture);
        var end = DateTime.UtcNow + Patience;
        var pause = FirstPause;
        while (true)
        {
            var unknown = await TryAsync(http, order, key, cancellationToken);
            if (unknown is null)
            {
                Volatile.Write(ref _lastAnswer, Stopwatch.GetTimestamp());
                return;
            }

            if (DateTime.UtcNow > end)
            {
                if (Stopwatch.GetElapsedTime(Volatile.Read(ref _lastAnswer)) > Patience)
                {
                    throw new PlacingException($"The service has not answered any order for {Patience.TotalSeconds:0} s: {unknown}");
                }

                Unanswered[order.Number] = $"no answer in {Patience.TotalSeconds:0} s: {unknown}";
                return;
            }

            await Task.Delay(pause, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    // Null when the outcome is known, otherwise why it is not.
    private async Task<string?> TryAsync(HttpClient http, OrderRequest order, string key, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(AttemptTimeout);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders")
        {
            Content = new StringContent(order.Body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
            Headers = { { "Idempotency-Key", key } },
        };
        try
        {
            using var response = await http.SendAsync(request, timeout.Token);
            var body = await response.Content.ReadAsStringAsync(timeout.Token);
            switch (response.StatusCode)
            {
                case HttpStatusCode.Created or HttpStatusCode.OK:
                    Placed[key] = OrderId(body);
                    return null;
                case HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError:
                    return $"HTTP {(int)response.StatusCode}";
                default:
                    Refused[order.Number] = Problem.Describe(response.StatusCode, body);
                    return null;
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return exception.Message;
        }
    }

    private static Guid OrderId(string body)
    {
        using var answer = JsonDocument.Parse(body);
        return answer.RootElement.GetProperty("id").GetGuid();
    }
}
