using System.Diagnostics;

namespace TestSupport;

/// <summary>Waits for effects. The only place in the tests that lets time pass.</summary>
public static class Eventually
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns as soon as <paramref name="condition"/> holds, and fails the test when it does not within
    /// <paramref name="deadline"/>. An exception of the condition counts as "not yet" until then.</summary>
    /// <param name="condition">Asked again and again.</param>
    /// <param name="deadline">How long it may take on a slow machine.</param>
    /// <param name="what">What should have become true, for the failure's message.</param>
    public static Task IsTrueAsync(Func<Task<bool>> condition, TimeSpan deadline, string what) =>
        IsTrueAsync(condition, deadline, () => what);

    /// <summary>The same; what should have become true is put into words only when it has not.</summary>
    public static async Task IsTrueAsync(Func<Task<bool>> condition, TimeSpan deadline, Func<string> what)
    {
        var started = Stopwatch.StartNew();
        var pause = FirstPause;
        while (true)
        {
            Exception? failure = null;
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            if (started.Elapsed > deadline)
            {
                throw new TimeoutException($"Not within {deadline.TotalSeconds:0.#} s: {what()}", failure);
            }

            await Task.Delay(pause);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>The same for a condition that is known at once.</summary>
    public static Task IsTrueAsync(Func<bool> condition, TimeSpan deadline, string what) =>
        IsTrueAsync(() => Task.FromResult(condition()), deadline, what);

    /// <summary>Waits until <paramref name="read"/> returns <paramref name="expected"/>; the failure names the last value.</summary>
    public static async Task EqualsAsync<T>(T expected, Func<Task<T>> read, TimeSpan deadline, string what)
    {
        var last = default(T);
        await IsTrueAsync(
            async () => EqualityComparer<T>.Default.Equals(last = await read(), expected),
            deadline,
            () => $"{what} (expected {expected}, last was {last})");
    }
}
