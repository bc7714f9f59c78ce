using System.Text;

namespace OrderService.Tests;

internal static class Requests
{
    /// <summary>POST /orders with a body as it is written here.</summary>
    public static async Task<HttpResponseMessage> PlaceAsync(this HttpClient http, string body, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return await http.SendAsync(request);
    }
}
