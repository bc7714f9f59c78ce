using System.Globalization;

namespace OrderService.Http;

/// <summary>The answer while the service cannot do its work: 503 with Retry-After.</summary>
internal static class ComeAgain
{
    private const int RetryAfterSeconds = 2;

    public static Task WriteAsync(HttpContext context) => WriteAsync(context, "The database does not answer in time.");

    public static async Task WriteAsync(HttpContext context, string title)
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        await context.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails =
            {
                Status = StatusCodes.Status503ServiceUnavailable,
                Title = title,
#if (!noSample)
                Detail = "Send the request again later. Where it was to change something, it may have done so: give it the same Idempotency-Key.",
#else
                Detail = "Send the request again later. Where it was to change something, it may have done so.",
#endif
            },
        });
    }
}
