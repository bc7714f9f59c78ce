using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace OrderService.Tests.Orders;

/// <summary>What clients ask of orders, and how it stands with them.</summary>
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

    public static Task<HttpResponseMessage> PlaceAsync(this ServiceUnderTest service, string body, string? idempotencyKey = null) =>
        service.Http.PlaceAsync(body, idempotencyKey);

    /// <summary>Places an order that must be accepted, and returns its id.</summary>
    public static async Task<Guid> PlaceAsync(this ServiceUnderTest service, string sku, int quantity)
    {
        using var answer = await service.PlaceAsync(
            $$"""{"customerId":"anna","currency":"EUR","lines":[{"sku":"{{sku}}","quantity":{{quantity}},"unitPrice":9.90}]}""");
        return (await answer.JsonAsync()).GetProperty("id").GetGuid();
    }

    public static async Task<JsonElement> ReadAsync(this ServiceUnderTest service, Guid id) =>
        await service.Http.GetFromJsonAsync<JsonElement>($"/orders/{id}");

    public static Task<HttpResponseMessage> CancelAsync(this ServiceUnderTest service, Guid id) =>
        service.Http.PostAsync($"/orders/{id}/cancel", null);

    /// <summary>On a busy machine some are told to come again, perhaps even the one whose order it is; then they do. What is sent must be safe to repeat.</summary>
    public static async Task<HttpResponseMessage> InsistAsync(Func<Task<HttpResponseMessage>> send)
    {
        HttpResponseMessage? answer = null;
        await Eventually.IsTrueAsync(
            async () => (answer = await send()).StatusCode != HttpStatusCode.ServiceUnavailable, TimeSpan.FromMinutes(1), "an answer that is not 503");
        return answer!;
    }

    /// <summary>Waits until an order has come to a status.</summary>
    public static Task BecomesAsync(this ServiceUnderTest service, Guid id, string status) => Eventually.EqualsAsync(
        status,
        async () => (await service.ReadAsync(id)).GetProperty("status").GetString(),
        TimeSpan.FromSeconds(20),
        $"status of order {id}");

    /// <summary>The order that each idempotency key stands for.</summary>
    public static async Task<IReadOnlyDictionary<string, Guid>> OrdersByKeyAsync(this ServiceArena arena)
    {
        var orders = new Dictionary<string, Guid>();
        await using var command = arena.Arena.DataSource.CreateCommand("SELECT key, order_id FROM idempotency_key");
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            orders.Add(rows.GetString(0), rows.GetGuid(1));
        }

        return orders;
    }
}
