using System.Diagnostics;

namespace Messaging;

/// <summary>Named points at which a fault test kills this process, as kill -9 would, or hangs the thread that passes. Calls
/// exist only in a build with FAILPOINTS defined; an ordinary build contains none.</summary>
public static class Failpoint
{
    private static readonly string? Armed = Environment.GetEnvironmentVariable("FAILPOINT");
    private static readonly int After = int.TryParse(Environment.GetEnvironmentVariable("FAILPOINT_AFTER"), out var hits) ? hits : 0;

    private static readonly bool Hangs = Environment.GetEnvironmentVariable("FAILPOINT_HANGS") == "true";

    private static int _hits;

    /// <summary>Kills the process if the environment's FAILPOINT is <paramref name="name"/> and it has been passed
    /// FAILPOINT_AFTER times (0 unless set); hangs instead where FAILPOINT_HANGS is true.</summary>
    [Conditional("FAILPOINTS")]
    public static void Hit(string name)
    {
        if (name == Armed && Interlocked.Increment(ref _hits) > After)
        {
            if (!Hangs)
            {
                Process.GetCurrentProcess().Kill();
            }

            Thread.Sleep(Timeout.Infinite);
        }
    }
}
