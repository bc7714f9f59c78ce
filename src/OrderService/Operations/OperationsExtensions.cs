using System.Text.Json.Serialization;
#if (!noInbox)
using Inbox;
#endif
using Messaging;
using OrderService.Http;
using Outbox;

namespace OrderService.Operations;

/// <summary>What every role has: health, metrics, logs, problem details, the API's description, the gate of /ops.</summary>
internal static class OperationsExtensions
{
    /// <summary>Registers all of it and returns the roles of this process.</summary>
    /// <exception cref="SettingsException">A setting is out of bounds.</exception>
    public static Roles AddOperations(this WebApplicationBuilder builder)
    {
        _ = OpsGate.ReadToken(builder.Configuration);
        ListenAddresses.Check(builder.Configuration);
        builder.AddObserving();
        builder.WebHost.ConfigureKestrel(server => server.AddServerHeader = false);
        // Relay, consumers and requests do not need each other to end: one that takes its time must not leave the others none.
        builder.Services.Configure<HostOptions>(host => host.ServicesStopConcurrently = true);
        builder.Services.AddProblemDetails().AddSingleton<IProblemDetailsWriter, ProblemWriter>().AddRequestDeadline().AddHealthChecks();
        // Numbers are numbers: not texts that look like one.
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
        builder.Services.AddOpenApi(api => api.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = builder.Environment.ApplicationName;
            return Task.CompletedTask;
        }));
        return Roles.Read(builder.Configuration);
    }

    /// <summary>Maps all of it, and puts in front of everything what answers failures.</summary>
    /// <exception cref="SettingsException">A setting is out of bounds.</exception>
    public static void UseOperations(this WebApplication app)
    {
        // Read now, whichever roles run: a setting out of bounds stops the start, not the first request.
        BrokerAddress.CheckIfSet(app.Configuration);
        _ = app.Services.GetRequiredService<OutboxOptions>();
#if (!noInbox)
        _ = app.Services.GetRequiredService<InboxOptions>();
#endif

        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseMiddleware<OpsGate>();
        app.UseRouting();
        app.UseMiddleware<BodyBeforeDeadline>();
        app.UseRequestDeadline();
        app.MapHealth();
        app.MapPrometheusScrapingEndpoint(Observing.MetricsPath).ExcludeFromDescription();
        // Not under any name: what there is none of would be told in plain text.
        app.MapOpenApi("/openapi/v1.json").ExcludeFromDescription();
    }
}
