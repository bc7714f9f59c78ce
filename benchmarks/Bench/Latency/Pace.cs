using System.Diagnostics;

namespace Bench.Latency;

/// <summary>Two hundred a second, evenly, whether or not the one before has ended: a slow moment delays nobody's start.</summary>
internal static class Pace
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    public static async Task RunAsync(Scale scale, Func<Task> send)
    {
        var count = scale.Of(1_000, 200);
        var watch = Stopwatch.StartNew();
        List<Task> sending = [];
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (sending.Count < count && await timer.WaitForNextTickAsync())
        {
            while (sending.Count < count && watch.Elapsed >= Interval * sending.Count)
            {
                sending.Add(send());
            }
        }

        await Task.WhenAll(sending);
    }
}
