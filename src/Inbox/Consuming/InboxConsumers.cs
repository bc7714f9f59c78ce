using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>Runs the consumers of all queues for as long as the service runs.</summary>
internal sealed class InboxConsumers(IServiceProvider services, InboxDefinition definition, IEnumerable<ConsumerStatus> statuses) : BackgroundService
{
    private IReadOnlyList<QueueConsumer> _consumers = [];

    /// <summary>Makes all of them before any runs: what one of them cannot do without fails the start of the service. Thrown by
    /// <see cref="ExecuteAsync"/> it would end the process with exit code 0.</summary>
    /// <exception cref="SettingsException">The broker's address is not set.</exception>
    /// <exception cref="InvalidOperationException">The context is not registered as scoped.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefuseOtherLifetimesAsync();
        _consumers = [.. definition.Queues.Select(Consumer)];
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_consumers.Select(consumer => Task.Run(() => consumer.RunAsync(stoppingToken), CancellationToken.None)));

    /// <summary>Handlers must be given the context of their unit of work: what they change in another one is never saved, and their messages
    /// would count as handled.</summary>
    private async Task RefuseOtherLifetimesAsync()
    {
        await using var one = services.CreateAsyncScope();
        await using var another = services.CreateAsyncScope();
        var db = definition.Context(one.ServiceProvider);
        if (definition.Context(one.ServiceProvider) != db || definition.Context(another.ServiceProvider) == db)
        {
            throw new InvalidOperationException(
                $"{definition.ContextType.Name} is not registered as scoped: a handler and the inbox must be given the same one, and each unit of work its own.");
        }
    }

    private QueueConsumer Consumer(QueueDefinition queue)
    {
        var options = services.GetRequiredService<InboxOptions>();
        services.GetRequiredService<InboxMetrics>().Begin(queue.Name);
        var status = statuses.Single(known => known.Queue == queue.Name);
        var classifier = Create<FailureClassifier>(queue);
        var handlers = Create<HandlerRun>(queue);
        var unit = Create<UnitOfWork>(queue, handlers, status);
        var ladder = new RetryLadder(options.Retry);
        var copies = Create<CopyRun>(queue, ladder, status);
        var batchSize = new BatchSize(queue.BatchSize ?? options.BatchSize);
        var conclusion = ActivatorUtilities.CreateInstance<UnitConclusion>(services, queue, batchSize, copies);
        var alone = Create<MessageRun>(queue, unit, conclusion, classifier, ladder, copies, status);
        var lanes = Create<LaneRun>(queue, unit, conclusion, alone, classifier, batchSize);
        var reader = ActivatorUtilities.CreateInstance<DeliveryReader>(services, queue);
        return Create<QueueConsumer>(queue, status, () => Create<Subscription>(queue, lanes, reader, status));
    }

    private T Create<T>(params object[] given) =>
        ActivatorUtilities.CreateInstance<T>(services, [.. given, new CarefulLogger<T>(services.GetRequiredService<ILogger<T>>())]);
}
