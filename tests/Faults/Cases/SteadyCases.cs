using System.Globalization;

namespace Faults;

/// <summary>The same processes for a long time, under faults that none of them should die of.</summary>
internal static class SteadyCases
{
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(5);

    public static IEnumerable<FaultCase> All =>
    [
        new("steady", "faults every few seconds leave connections, channels, threads and memory of each process as they were", LastAsync) { Plays = Plays.ByName },
    ];

    private static async Task LastAsync(Injection fault)
    {
        var samples = new List<(List<Vitals> Processes, int Connections, int Channels)>();
        var end = DateTime.UtcNow + Lasts;
        while (DateTime.UtcNow < end)
        {
            await InjectAsync(fault);
            await Task.Delay(Between, fault.Cancellation);
            var (connections, channels) = await fault.Broker.OpenAsync(fault.Cancellation);
            samples.Add(([.. fault.Fleet.All.Select(Vitals.Of).OfType<Vitals>()], connections, channels));
        }

        // The first third is for warming up.
        var middle = samples[(samples.Count / 3)..(samples.Count * 2 / 3)];
        var last = samples[(samples.Count * 2 / 3)..];
        Compare(fault, "connections at the broker", middle.ConvertAll(sample => (double)sample.Connections), last.ConvertAll(sample => (double)sample.Connections), 2);
        Compare(fault, "channels at the broker", middle.ConvertAll(sample => (double)sample.Channels), last.ConvertAll(sample => (double)sample.Channels), 4);
        foreach (var process in fault.Fleet.All)
        {
            List<double> Of(List<(List<Vitals> Processes, int, int)> of, Func<Vitals, double> figure) =>
                [.. of.SelectMany(sample => sample.Processes).Where(vitals => vitals.Process == process.Name).Select(figure)];
            Compare(fault, $"threads of {process.Name}", Of(middle, vitals => vitals.Threads), Of(last, vitals => vitals.Threads), 5);
            Compare(fault, $"descriptors of {process.Name}", Of(middle, vitals => vitals.Descriptors), Of(last, vitals => vitals.Descriptors), 10);
            Compare(fault, $"megabytes of {process.Name}", Of(middle, vitals => vitals.ResidentKilobytes / 1024d), Of(last, vitals => vitals.ResidentKilobytes / 1024d), 15);
        }
    }

    private static async Task InjectAsync(Injection fault)
    {
        var process = fault.OneOf(fault.Fleet.All);
        switch (fault.Random.Next(5))
        {
            case 0:
                fault.Note($"{process.Name} reset from the database");
                process.Postgres.Reset();
                break;
            case 1:
                fault.Note($"{process.Name} reset from the broker");
                process.RabbitMq.Reset();
                break;
            case 2:
                fault.Note("pg_terminate_backend");
                await fault.Database.TerminateSessionsAsync(fault.Cancellation);
                break;
            case 3:
                fault.Note($"{process.Name} cut in the middle");
                process.Postgres.CutAfter(fault.Random.Next(5_000));
                process.RabbitMq.CutAfter(fault.Random.Next(5_000));
                break;
            default:
                fault.Note($"{process.Name} is not answered by the broker for a while");
                process.RabbitMq.HoldsReplies = true;
                await fault.PauseAsync(0.5, 1.5);
                process.RabbitMq.HoldsReplies = false;
                break;
        }
    }

    private static void Compare(Injection fault, string what, List<double> middle, List<double> last, double slack)
    {
        var trend = new Trend(what, Median(middle), Median(last));
        fault.Trends.Add(trend);
        if (trend.Rose(slack))
        {
            fault.Complaints.Add(string.Create(CultureInfo.InvariantCulture, $"{what} rose from {trend.Middle:0} to {trend.Last:0}"));
        }
    }

    private static double Median(List<double> figures) => figures.Count == 0 ? 0 : figures.Order().ElementAt(figures.Count / 2);
}
