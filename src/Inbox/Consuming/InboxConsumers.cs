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
        var status = statuses.Single(known => known.Queue == queue.Name);
        var classifier = ActivatorUtilities.CreateInstance<FailureClassifier>(services, queue);
        var handlers = ActivatorUtilities.CreateInstance<HandlerRun>(services, queue);
        var unit = ActivatorUtilities.CreateInstance<UnitOfWork>(services, queue, handlers);
        var ladder = new RetryLadder(options.Retry);
        var copies = ActivatorUtilities.CreateInstance<CopyRun>(services, queue, ladder, status);
        var alone = ActivatorUtilities.CreateInstance<MessageRun>(services, queue, unit, classifier, ladder, copies, status);
        var lane = ActivatorUtilities.CreateInstance<Lane>(services, queue, unit, alone, classifier, new BatchSize(queue.BatchSize ?? options.BatchSize));
        var reader = ActivatorUtilities.CreateInstance<DeliveryReader>(services, queue);
        return ActivatorUtilities.CreateInstance<QueueConsumer>(
            services, queue, status, () => ActivatorUtilities.CreateInstance<Subscription>(services, queue, lane, reader, status));
    }
}
