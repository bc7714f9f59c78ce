using System.Diagnostics;

namespace Faults;

/// <summary>Waits for what others bring about.</summary>
internal static class Poll
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <returns>True as soon as <paramref name="condition"/> holds, false when it does not within <paramref name="deadline"/>.</returns>
    public static async Task<bool> UntilAsync(Func<Task<bool>> condition, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var waiting = Stopwatch.StartNew();
        while (!await condition())
        {
            if (waiting.Elapsed > deadline)
            {
                return false;
            }

            await Task.Delay(Look, cancellationToken);
        }

        return true;
    }
}
