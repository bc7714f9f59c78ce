using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrderService.Operations;

/// <summary>Whether the process lives, and whether it can do its work.</summary>
internal static class Health
{
    public const string LivePath = "/health/live";
    public const string ReadyPath = "/health/ready";

    /// <summary>Live answers as long as the process does. Ready asks every check of the roles that run here: 200 when all are
    /// healthy or degraded, that is work waits safely; 503 when one cannot work. Each check bounds itself: the deadline of requests would
    /// cut the answer short, and what is wrong would not be told.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapHealthChecks(LivePath, new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync }).DisableRequestTimeout();
        routes.MapHealthChecks(ReadyPath, new HealthCheckOptions { ResponseWriter = WriteAsync }).DisableRequestTimeout();
    }

    private static Task WriteAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(
        new
        {
            status = Name(report.Status),
            checks = report.Entries.ToDictionary(
                check => check.Key,
                check => new { status = Name(check.Value.Status), reason = check.Value.Description ?? check.Value.Exception?.Message }),
        },
        JsonSerializerOptions.Web);

    private static string Name(HealthStatus status) => status.ToString().ToLowerInvariant();
}
