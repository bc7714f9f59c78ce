using System.Globalization;

namespace Bench.Measuring;

/// <summary>What the kernel knows of a process and its children.</summary>
internal static class ProcessTree
{
    // USER_HZ: the unit of /proc on every Linux that .NET runs on.
    private const int TicksPerSecond = 100;

    /// <summary>CPU time of a process, of its living children, and of those that have ended. PostgreSQL has a process for
    /// each session.</summary>
    public static TimeSpan CpuTime(int processId)
    {
        var ticks = Ticks(processId);
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var child)
                && Stat(child) is { } fields && fields[1] == processId.ToString(CultureInfo.InvariantCulture))
            {
                ticks += Ticks(child);
            }
        }

        return TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
    }

    /// <summary>The memory that a process holds, in MB of a million bytes.</summary>
    public static double ResidentMegabytes(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024 / 1e6;
    }

    private static long Ticks(int processId) => Stat(processId) is { } fields
        ? fields.Skip(11).Take(4).Sum(field => long.Parse(field, CultureInfo.InvariantCulture))
        : 0;

    // From the third field on, "state ppid ..."; the second, the name in parentheses, may itself hold blanks.
    private static string[]? Stat(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
