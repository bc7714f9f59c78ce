using System.Diagnostics;

namespace Bench.Setup;

/// <summary>Waits for what is not itself measured.</summary>
internal static class Eventually
{
    /// <exception cref="BenchException">The condition does not hold within <paramref name="deadline"/>.</exception>
    public static async Task IsTrueAsync(Func<Task<bool>> condition, TimeSpan deadline, string what)
    {
        var started = Stopwatch.StartNew();
        while (!await condition())
        {
            if (started.Elapsed > deadline)
            {
                throw new BenchException($"Not within {deadline.TotalSeconds:0} s: {what}.");
            }

            await Task.Delay(20);
        }
    }
}
