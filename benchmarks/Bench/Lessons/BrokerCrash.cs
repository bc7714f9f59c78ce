using Bench.Setup;
using RabbitMQ.Client;

namespace Bench.Lessons;

/// <summary>Kills the broker while all strategies publish at once, each to a queue of its own, starts it again, and compares
/// what each took for safe with what its queue holds.</summary>
internal static class BrokerCrash
{
    private static readonly TimeSpan BeforeTheKill = TimeSpan.FromSeconds(2);
    // Whatever the broker had sent is read by then. The client does not tell every publisher that its connection is gone.
    private static readonly TimeSpan AfterTheKill = TimeSpan.FromSeconds(5);

    /// <summary>For each variant, how many messages were taken for safe and are gone.</summary>
    public static async Task<IReadOnlyList<(string Variant, int Lost)>> RunAsync(Run run, IReadOnlyList<string> queueTypes)
    {
        List<Publisher> publishers = [];
        foreach (var type in queueTypes)
        {
            foreach (var strategy in PublishStrategy.All)
            {
                publishers.Add(await Publisher.StartAsync(run.Arena, strategy, type, $"bench.crash.{publishers.Count}"));
            }
        }

        await Task.Delay(BeforeTheKill, run.Stop);
        await run.Arena.RabbitMq.KillAsync();
        await Task.WhenAny(Task.WhenAll(publishers.Select(publisher => publisher.Ended)), Task.Delay(AfterTheKill, run.Stop));
        await run.Arena.RabbitMq.StartAsync(run.Stop);

        return await Task.WhenAll(publishers.Select(publisher => publisher.LostAsync(run.Arena)));
    }

    private sealed record Publisher(string Variant, BoundQueue Queue, Endless Source, Task Ended)
    {
        public static async Task<Publisher> StartAsync(Arena arena, PublishStrategy strategy, string queueType, string name)
        {
            var queue = await BoundQueue.DeclareAsync(arena, name, queueType);
            var source = new Endless();
            return new Publisher($"{queueType}, {strategy.Name}", queue, source, Task.Run(() => PublishAsync(arena, strategy, name, source)));
        }

        public async Task<(string Variant, int Lost)> LostAsync(Arena arena)
        {
            await Queue.ConnectAsync();
            var kept = await QueueContents.TakeAsync(arena, Queue.Name);
            await Queue.DisposeAsync();
            return (Variant, Source.TakenForSafe.Count(message => !kept.Ids.Contains(message)));
        }

        private static async Task PublishAsync(Arena arena, PublishStrategy strategy, string queue, Endless source)
        {
            var connection = await arena.ConnectAsync();
            try
            {
                var channel = await connection.CreateChannelAsync(new CreateChannelOptions(strategy.Confirms, strategy.Confirms));
                await strategy.PublishAsync(channel, queue, source);
            }
            catch (Exception)
            {
                // The broker was killed, whatever the client makes of it.
            }
        }
    }
}
