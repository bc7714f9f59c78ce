using System.Diagnostics;

namespace Bench.Latency;

/// <summary>Two hundred a second, evenly, whether or not the one before has ended: a slow moment delays nobody's start.</summary>
internal static class Pace
{
    private const int Singly = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>Sends some one by one, since a host that has just started has connections to open and code to compile, and those that
    /// come meanwhile would pile up; then some at the pace that are not counted; then <paramref name="count"/>.</summary>
    /// <returns>When each of the last ones left.</returns>
    public static async Task<IReadOnlyList<Departure>> RunAsync(Scale scale, int count, Func<Task<Departure>> send)
    {
        for (var i = 0; i < Singly; i++)
        {
            await send();
        }

        var uncounted = scale.Of(200, 40);
        var watch = Stopwatch.StartNew();
        List<Task<Departure>> sending = [];
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (sending.Count < uncounted + count && await timer.WaitForNextTickAsync())
        {
            while (sending.Count < uncounted + count && watch.Elapsed >= Interval * sending.Count)
            {
                sending.Add(send());
            }
        }

        return (await Task.WhenAll(sending))[uncounted..];
    }
}

/// <summary>A message is on its way.</summary>
/// <param name="Message">Its id.</param>
/// <param name="Since">Since when, by the clock of <see cref="Stopwatch"/>.</param>
internal readonly record struct Departure(Guid Message, long Since);
