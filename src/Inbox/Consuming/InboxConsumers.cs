using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Inbox;

/// <summary>Runs the consumers of all queues for as long as the service runs.</summary>
internal sealed class InboxConsumers(IServiceProvider services, InboxDefinition definition, IEnumerable<ConsumerStatus> statuses) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(definition.Queues.Select(queue => Task.Run(() => Consumer(queue).RunAsync(stoppingToken), CancellationToken.None)));

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
        var alone = Create<MessageRun>(queue, unit, classifier, ladder, copies, status);
        var lane = Create<Lane>(queue, unit, alone, classifier, new BatchSize(queue.BatchSize ?? options.BatchSize));
        var reader = ActivatorUtilities.CreateInstance<DeliveryReader>(services, queue);
        return Create<QueueConsumer>(queue, status, () => Create<Subscription>(queue, lane, reader, status));
    }

    private T Create<T>(params object[] given) =>
        ActivatorUtilities.CreateInstance<T>(services, [.. given, new CarefulLogger<T>(services.GetRequiredService<ILogger<T>>())]);
}
