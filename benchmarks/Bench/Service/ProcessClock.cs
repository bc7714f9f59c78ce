using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Bench.Service;

/// <summary>The kernel's clock of the CPU time of another process, in nanoseconds. /proc counts it in hundredths of a second, which is a
/// tenth of what an idle process takes in half a minute; and by thread in nanoseconds, but forgets there what ended threads have taken.</summary>
internal static class ProcessClock
{
    // <linux/posix-timers.h>: the id of the process in the upper bits, inverted, and CPUCLOCK_SCHED in the lower three.
    private const int IdShift = 3;
    private const int Scheduled = 2;

    public static TimeSpan CpuTime(int processId) =>
        clock_gettime((~processId << IdShift) | Scheduled, out var time) == 0
            ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / TimeSpan.NanosecondsPerTick)
            : throw new Win32Exception();

#pragma warning disable SYSLIB1054 // Blittable arguments only: the generated marshalling would need unsafe code for nothing.
    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int clock_gettime(int clock, out Time time);
#pragma warning restore SYSLIB1054

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Time
    {
        public readonly nint Seconds;
        public readonly nint Nanoseconds;
    }
}
