using System.Globalization;

namespace Faults;

/// <summary>What a process of the service uses.</summary>
internal sealed record Vitals(string Process, int Id, int Threads, int Descriptors, long ResidentKilobytes)
{
    /// <summary>Reads the kernel's figures; null where the process is just ending.</summary>
    public static Vitals? Of(ServiceProcess process)
    {
        try
        {
            var status = File.ReadLines($"/proc/{process.Id}/status").Select(line => line.Split(':', 2)).ToDictionary(line => line[0], line => line[1].Trim());
            return new Vitals(
                process.Name,
                process.Id,
                int.Parse(status["Threads"], CultureInfo.InvariantCulture),
                Directory.GetFileSystemEntries($"/proc/{process.Id}/fd").Length,
                long.Parse(status["VmRSS"].Split(' ')[0], CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or KeyNotFoundException)
        {
            return null;
        }
    }
}
