using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging;

/// <summary>Registers what the outbox and the inbox share.</summary>
public static class MessagingServiceCollectionExtensions
{
    /// <summary>Adds the broker of <c>ConnectionStrings:RabbitMq</c>, the topology of this binary, and the serializer unless one is
    /// registered. Nothing is connected yet. Calling it again changes nothing.</summary>
    public static IServiceCollection AddMessaging(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(MessageSerializer.Default);
        services.TryAddSingleton<BrokerConnector>();
        services.TryAddSingleton<Topology>();
        services.TryAddSingleton<TopologyDeclarer>();
        services.TryAddSingleton<FatalFault>();
        return services;
    }
}
