using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Faults;

/// <summary>Places and cancels orders over HTTP, and asks again until it knows.</summary>
internal sealed class OrderClient(HttpClient http, IReadOnlyList<string> urls, JsonLinesWriter<HistoryLine> history, Random random)
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(150);

    /// <summary>Carries out one plan; ends without knowledge when <paramref name="giveUp"/> is cancelled.</summary>
    public async Task CarryOutAsync(OrderPlan plan, CancellationToken giveUp)
    {
        var order = await InsistAsync(
            () => PlaceRequest(plan), (told, first) => Write(Asked.Place, plan, told, first), plan.Patience, plan.GivesUp, giveUp);
        if (order is not { } id)
        {
            return;
        }

        if (plan.AsksTwice)
        {
            await InsistAsync(() => PlaceRequest(plan), (told, _) => Write(Asked.Place, plan, told, false), OrderPlan.UsualPatience, true, giveUp);
        }

        if (plan.CancelAfter is { } wait)
        {
            await Task.Delay(wait, CancellationToken.None);
            await InsistAsync(() => CancelRequest(id), (told, _) => Write(Asked.Cancel, plan, told with { Order = id }, false), OrderPlan.UsualPatience, plan.GivesUp, giveUp);
        }
    }

    /// <returns>The order's id, where it is known.</returns>
    private async Task<Guid?> InsistAsync(
        Func<HttpRequestMessage> request, Action<Answer, bool> write, TimeSpan patience, bool once, CancellationToken giveUp)
    {
        for (var first = true; ; first = false)
        {
            var answer = await SendAsync(request(), first ? patience : OrderPlan.UsualPatience);
            write(answer, first);
            if (answer.Told != Told.Unknown || once || giveUp.IsCancellationRequested)
            {
                return answer.Told == Told.Done ? answer.Order : null;
            }

            await Task.Delay(Again * (1 + random.NextDouble()), CancellationToken.None);
        }
    }

    private HttpRequestMessage PlaceRequest(OrderPlan plan) => new(HttpMethod.Post, Url("/orders"))
    {
        Headers = { { "Idempotency-Key", plan.Customer } },
        Content = JsonContent.Create(new
        {
            customerId = plan.Customer,
            currency = "EUR",
            lines = plan.Lines.Select(line => new { sku = line.Sku, quantity = line.Quantity, unitPrice = 9.90m }),
        }),
    };

    private HttpRequestMessage CancelRequest(Guid order) => new(HttpMethod.Post, Url($"/orders/{order}/cancel"));

    private string Url(string path) => urls[random.Next(urls.Count)] + path;

    private async Task<Answer> SendAsync(HttpRequestMessage request, TimeSpan patience)
    {
        using var deadline = new CancellationTokenSource(patience);
        try
        {
            using (request)
            using (var response = await http.SendAsync(request, deadline.Token))
            {
                var status = (int)response.StatusCode;
                if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created)
                {
                    var order = await response.Content.ReadFromJsonAsync<JsonElement>(deadline.Token);
                    return new Answer(Told.Done, status, order.GetProperty("id").GetGuid(), null);
                }

                return new Answer(status >= 500 ? Told.Unknown : Told.Refused, status, null, null);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            return new Answer(Told.Unknown, null, null, exception.GetType().Name);
        }
    }

    private void Write(Asked asked, OrderPlan plan, Answer answer, bool first) => history.Write(new HistoryLine(
        DateTime.UtcNow, asked, plan.Customer, answer.Told, answer.Status, answer.Order, first ? plan.Lines : null, answer.Reason));

    private sealed record Answer(Told Told, int? Status, Guid? Order, string? Reason);
}
