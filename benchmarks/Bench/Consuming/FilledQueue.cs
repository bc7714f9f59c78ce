using Bench.Measuring;
using Bench.Setup;
using Inbox;
using RabbitMQ.Client;

namespace Bench.Consuming;

/// <summary>A consumer's queue, which is filled while nobody consumes; then the time is taken from the first effect to the last.</summary>
internal sealed class FilledQueue : IAsyncDisposable
{
    private readonly Run _run;
    private readonly EffectTable _table;
    private readonly string _queue;
    private readonly Action<QueueBuilder> _describe;
    private readonly IConnection _connection;

    private FilledQueue(Run run, EffectTable table, string queue, Action<QueueBuilder> describe, IConnection connection) =>
        (_run, _table, _queue, _describe, _connection) = (run, table, queue, describe, connection);

    private string Exchange => _queue + ".events";

    public static async Task<FilledQueue> DeclareAsync(Run run, EffectTable table, string queue, Action<QueueBuilder> describe)
    {
        var filled = new FilledQueue(run, table, queue, describe, await run.Arena.ConnectAsync());
        await filled.DeclareAsync();
        return filled;
    }

    public async Task<Sample> HandleAsync(int messages, int consumers = 1)
    {
        await FillAsync(messages);
        await using var running = await RunningConsumers.StartAsync(_run.Arena, _table.Database, _queue, _describe, consumers);
        var sample = await EffectWatch.MeasureAsync(_run.Arena, _table, messages, client: null);
        await _table.RequireEffectsAsync(messages);
        return sample;
    }

    // A consumer declares its queue and everything around it.
    private async Task DeclareAsync()
    {
        await using var consumers = await RunningConsumers.StartAsync(_run.Arena, _table.Database, _queue, _describe, hosts: 1);
        await consumers.ReadyAsync();
    }

    private async Task FillAsync(int messages)
    {
        await _table.EmptyAsync();
        await using var channel = await _connection.CreateChannelAsync();
        // A new queue in its place, as the others get one: see BoundQueue.
        await channel.QueueDeleteAsync(_queue);
        await DeclareAsync();
        await using var publisher = await MemoryPublisher.OpenAsync(_run.Arena, channels: 2);
        await publisher.PublishAsync(Exchange, messages, Counting.MessageType, Counting.Body);
    }

    /// <summary>With all around it: a broker that is killed in a later workload would bring every queue back to life first.</summary>
    public async ValueTask DisposeAsync()
    {
        await using (var channel = await _connection.CreateChannelAsync())
        {
            var retries = new RetryLadder(new RetryOptions()).Waits.Select(wait => RetryLadder.QueueName(_queue, wait));
            foreach (var queue in (string[])[_queue, .. retries, new QueueDefinition(_queue).DeadQueue])
            {
                await channel.QueueDeleteAsync(queue);
            }

            await channel.ExchangeDeleteAsync(Exchange);
        }

        await _connection.DisposeAsync();
    }
}
