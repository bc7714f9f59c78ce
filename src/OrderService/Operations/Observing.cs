using Messaging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace OrderService.Operations;

/// <summary>Logs, metrics and traces.</summary>
internal static class Observing
{
    public const string MetricsPath = "/metrics";

    // The standard name: with it the exporter finds its address, protocol and headers by itself.
    private const string CollectorSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Metrics are always served to Prometheus; metrics and traces are sent to a collector where one is set.</summary>
    /// <exception cref="SettingsException">The collector's address is not understood.</exception>
    public static void AddObserving(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders().AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });

        var collect = IsCollectorSet(builder.Configuration[CollectorSetting]);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(builder.Environment.ApplicationName))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Telemetry.OutboxMeterName, Telemetry.InboxMeterName, "System.Runtime").AddAspNetCoreInstrumentation();
                metrics.AddPrometheusExporter();
                if (collect)
                {
                    metrics.AddOtlpExporter();
                }
            });
        if (collect)
        {
            telemetry.WithTracing(traces => traces
                .AddAspNetCoreInstrumentation(requests => requests.Filter = context => !IsProbe(context.Request.Path))
                // The clients' own spans are used as they are; ours add only what no client knows.
                .AddSource(Telemetry.ActivitySourceName, "Npgsql", "RabbitMQ.Client.Publisher", "RabbitMQ.Client.Subscriber")
                .AddOtlpExporter());
        }
    }

    // The exporter goes on with its own default where it does not understand the address, or sends to nowhere, without a word.
    private static bool IsCollectorSet(string? address) =>
        !string.IsNullOrEmpty(address)
        && (Uri.TryCreate(address, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            ? true
            : throw new SettingsException($"{CollectorSetting} is \"{address}\": it must be an http:// or https:// URI, such as http://collector:4317."));

    private static bool IsProbe(PathString path) =>
        path.StartsWithSegments(MetricsPath, StringComparison.Ordinal) || path.StartsWithSegments("/health", StringComparison.Ordinal);
}
