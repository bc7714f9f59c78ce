using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Inbox;

/// <summary>Registers the inbox and its consumers.</summary>
public static class InboxServiceCollectionExtensions
{
    /// <summary>Adds the queues and handlers of this service, <see cref="InboxOptions"/> as read from the section "Inbox", and
    /// everything the queues need to the topology. Every role calls it, whether it consumes or not: a message published
    /// before a queue is bound would miss that queue.</summary>
    /// <typeparam name="TContext">The context that the handlers change, with <c>AddInbox</c> in its model.</typeparam>
    /// <exception cref="ArgumentException">A queue is malformed or described twice.</exception>
    /// <exception cref="InvalidOperationException">It was called before.</exception>
    public static IServiceCollection AddInbox<TContext>(this IServiceCollection services, Action<InboxBuilder> configure)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(configure);
        if (services.Any(service => service.ServiceType == typeof(InboxDefinition)))
        {
            throw new InvalidOperationException("AddInbox was called before: describe all queues in one call.");
        }

        var builder = new InboxBuilder(services);
        configure(builder);
        services.AddMessaging();
        services.ConfigureDbContext<TContext>(options => options.AddInterceptors(new HandlerInterceptor()));
        if (builder.Queues.Any(queue => queue.SavesTogether))
        {
            services.ConfigureDbContext<TContext>(options => options.AddInterceptors(new LookInterceptor()));
        }

        services.AddSingleton(new InboxDefinition(builder.Queues, typeof(TContext), scope => scope.GetRequiredService<TContext>()));
        services.TryAddSingleton(provider => InboxOptions.Read(provider.GetRequiredService<IConfiguration>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITopologySource, InboxTopology>());
        return services;
    }

    /// <summary>Adds the consumers of the queues that <see cref="AddInbox"/> described, the purge of <c>inbox_message</c>, and
    /// the health check "consumers".</summary>
    /// <exception cref="InvalidOperationException"><see cref="AddInbox"/> was not called before, or for another context; or this was.</exception>
    public static IServiceCollection AddInboxConsumers<TContext>(this IServiceCollection services)
        where TContext : DbContext
    {
        var definition = services.FirstOrDefault(service => service.ServiceType == typeof(InboxDefinition))?.ImplementationInstance as InboxDefinition;
        if (definition?.ContextType != typeof(TContext))
        {
            throw new InvalidOperationException($"Call AddInbox<{typeof(TContext).Name}>(...) before AddInboxConsumers<{typeof(TContext).Name}>().");
        }

        if (services.Any(service => service.ServiceType == typeof(InboxDatabase)))
        {
            throw new InvalidOperationException("AddInboxConsumers was called before.");
        }

        foreach (var queue in definition.Queues)
        {
            services.AddSingleton(new ConsumerStatus(queue.Name));
        }

        services.TryAddSingleton<Timings>();
        services.AddSingleton<InboxMetrics>();
        services.AddSingleton<InboxDatabase>();
        services.AddSingleton<CopyPublisher>();
        services.AddSingleton<InboxPurge>();
        services.AddHostedService<InboxConsumers>();
        services.AddHostedService<InboxPurgeLoop>();
        services.AddHealthChecks().AddCheck<ConsumersHealthCheck>("consumers");
        return services;
    }
}
