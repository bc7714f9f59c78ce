using System.Globalization;
using System.Runtime.InteropServices;

namespace Servers;

/// <summary>The signals that servers and services are driven with.</summary>
public enum Signal
{
    /// <summary>Interrupt: PostgreSQL's fast shutdown.</summary>
    Interrupt = 2,

    /// <summary>Quit: PostgreSQL's immediate shutdown.</summary>
    Quit = 3,

    /// <summary>Ends the process with no chance to tidy up.</summary>
    Kill = 9,

    /// <summary>Asks for a graceful end.</summary>
    Terminate = 15,

    /// <summary>Goes on after <see cref="Stop"/>.</summary>
    Continue = 18,

    /// <summary>Freezes the process, as a hung machine would.</summary>
    Stop = 19,
}

internal static class Posix
{
    private const nint DefaultDisposition = 0;
    private const int NoSignal = 0;
    private const int NoSuchProcess = 3;

    public static bool IsRoot { get; } = !OperatingSystem.IsWindows() && geteuid() == 0;

    public static uint UserId { get; } = OperatingSystem.IsWindows() ? 0 : geteuid();

    /// <summary>False when there is no such process.</summary>
    public static bool Send(int processId, Signal signal) => kill(processId, (int)signal) == 0;

    /// <summary>Whether there is such a process, of this user or another.</summary>
    public static bool IsThere(int processId) => kill(processId, NoSignal) == 0 || Marshal.GetLastPInvokeError() != NoSuchProcess;

    /// <summary>Ends that a signal is ignored because the parent wanted it so.</summary>
    public static void Notice(Signal which) => signal((int)which, DefaultDisposition);

    /// <summary>When the process started, in clock ticks since boot; null when it is gone or a zombie. Together with the
    /// process id it names one process for as long as the machine runs, where the id alone is given out again.</summary>
    public static long? StartTime(int processId)
    {
        try
        {
            // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }

#pragma warning disable SYSLIB1054 // Blittable arguments only: the generated marshalling would need unsafe code for nothing.
    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int processId, int signal);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint signal(int signal, nint disposition);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint geteuid();
#pragma warning restore SYSLIB1054
}
