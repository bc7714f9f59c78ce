using Bench.Measuring;
using Bench.Results;
using Servers;

namespace Bench.Lessons;

/// <summary>What each way to publish and to acknowledge costs, and what a crash loses with it.</summary>
internal static class LessonsWorkload
{
    private const string Publishing = "publishing";
    private const string Acknowledging = "acknowledging";
    private const string Rate = "messages/s";
    private const string Quorum = "quorum";
    private static readonly string[] QueueTypes = ["classic", Quorum];

    public static async Task RunAsync(Run run)
    {
        // What runs here is the same for both types: quorum queues warm it up.
        await run.MeasureAsync(Publishing, Rate,
        [
            .. from type in QueueTypes
               from strategy in PublishStrategy.All
               select new Contestant($"{type}, {strategy.Name}", share => PublishRate.MeasureAsync(run, strategy, type, share)) { WarmsUp = type == Quorum },
        ]);
        // The broker and the client are warm by now: a small turn is for what acks alone run through.
        foreach (var strategy in AckStrategy.All)
        {
            await AckRate.MeasureAsync(run, strategy, Quorum, run.Scale.WarmUpShare);
        }

        await run.MeasureAsync(Acknowledging, Rate,
        [
            .. from type in QueueTypes
               from strategy in AckStrategy.All
               select new Contestant($"{type}, {strategy.Name}", share => AckRate.MeasureAsync(run, strategy, type, share)) { WarmsUp = false },
        ]);

        await CrashConsumersAsync(run);
        // Last: a broker that was killed need not come back.
        await CrashBrokerAsync(run);
    }

    private static async Task CrashBrokerAsync(Run run)
    {
        var lost = new Dictionary<string, List<Sample>>();
        for (var round = 0; round < run.Scale.Of(3, 1); round++)
        {
            try
            {
                foreach (var (variant, messages) in await BrokerCrash.RunAsync(run, QueueTypes))
                {
                    Run.Progress($"{variant}: {Number.Text(messages)} lost");
                    (lost.TryGetValue(variant, out var samples) ? samples : lost[variant] = []).Add(new Sample(messages));
                }
            }
            catch (ServersException exception)
            {
                // RabbitMQ 3.10 was seen to fail over the index of a classic queue that was written to when it was killed.
                Run.Progress($"the broker was killed and did not start again, so this has {round} rounds only. {exception.Message}");
                break;
            }
        }

        foreach (var (variant, samples) in lost)
        {
            run.Report.Add(Publishing, variant, "messages taken for safe and lost when the broker is killed", samples);
        }
    }

    private static async Task CrashConsumersAsync(Run run)
    {
        foreach (var type in run.Scale.Quick ? [Quorum] : QueueTypes)
        {
            foreach (var strategy in AckStrategy.All)
            {
                var (lost, repeated) = (new List<Sample>(), new List<Sample>());
                for (var round = 0; round < run.Scale.Of(2, 1); round++)
                {
                    var crash = await ConsumerCrash.RunAsync(run, strategy, type);
                    lost.Add(new Sample(crash.Lost));
                    repeated.Add(new Sample(crash.Repeated));
                }

                run.Report.Add(Acknowledging, $"{type}, {strategy.Name}", "messages lost when the consumer dies", lost);
                run.Report.Add(Acknowledging, $"{type}, {strategy.Name}", "handled messages that come again", repeated);
            }
        }
    }
}
