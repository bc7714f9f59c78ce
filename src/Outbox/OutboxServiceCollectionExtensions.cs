using Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Outbox.Relay;

namespace Outbox;

/// <summary>Registers the outbox and its relay.</summary>
public static class OutboxServiceCollectionExtensions
{
    /// <summary>Adds <see cref="OutboxOptions"/> as read from the section "Outbox", and the exchange to the topology. Every
    /// role calls it; a context takes the options with <c>UseOutbox</c>.</summary>
    /// <exception cref="SettingsException">When the options are first resolved: a value is out of bounds, or a name unknown.</exception>
    public static IServiceCollection AddOutbox(this IServiceCollection services)
    {
        services.AddMessaging();
        services.TryAddSingleton(provider => OutboxOptions.Read(provider.GetRequiredService<IConfiguration>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITopologySource, OutboxTopology>());
        return services;
    }

    /// <summary>Adds the relay, which publishes the rows of <c>ConnectionStrings:Postgres</c> whenever it owns the table, and
    /// its health check "relay".</summary>
    public static IServiceCollection AddOutboxRelay(this IServiceCollection services)
    {
        services.AddOutbox();
        services.AddSingleton<OutboxDatabase>();
        services.AddSingleton<OutboxMetrics>();
        services.AddSingleton<RelayStatus>();
        services.AddSingleton<MarkBacklog>();
        services.AddSingleton<PublishStage>();
        services.AddSingleton<MarkStage>();
        services.AddSingleton<TidyStage>();
        services.AddSingleton<RelayTerm>();
        services.AddHostedService<OutboxRelay>();
        services.AddHealthChecks().AddCheck<RelayHealthCheck>("relay");
        return services;
    }
}
