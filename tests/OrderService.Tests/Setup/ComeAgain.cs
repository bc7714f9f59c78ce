using System.Diagnostics;
using System.Net;

namespace OrderService.Tests;

/// <summary>What a client is told while the database cannot serve.</summary>
internal static class ComeAgain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Fails unless the answer is 503 with Retry-After, within 5 seconds.</summary>
    public static async Task AsksAsync(Func<Task<HttpResponseMessage>> send)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await send();

        await answer.ProblemAsync(HttpStatusCode.ServiceUnavailable);
        Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.True(watch.Elapsed < Patience, $"It took {watch.Elapsed}.");
    }
}
