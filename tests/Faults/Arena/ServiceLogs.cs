namespace Faults;

/// <summary>What the processes of the service have logged since the object was made.</summary>
internal sealed class ServiceLogs(IEnumerable<ServiceProcess> processes)
{
    private const int LongestLine = 600;
    private static readonly string[] Errors = [" fail: ", " crit: "];

    private readonly List<(ServiceProcess Process, long From)> _marks =
        [.. processes.Select(process => (process, File.Exists(process.LogFile) ? new FileInfo(process.LogFile).Length : 0))];

    /// <returns>The first <paramref name="most"/> errors of each process, each kind once.</returns>
    public IEnumerable<string> ErrorLines(int most) => _marks.SelectMany(mark =>
        Read(mark.Process.LogFile, mark.From)
            .Where(line => Errors.Any(error => line.Contains(error, StringComparison.Ordinal)))
            .Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..])
            .Select(line => line.Length > LongestLine ? line[..LongestLine] : line)
            .Distinct()
            .Take(most)
            .Select(line => $"log of {mark.Process.Name}: {line}"));

    private static IEnumerable<string> Read(string file, long from)
    {
        if (!File.Exists(file))
        {
            yield break;
        }

        using var log = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Position = from;
        using var reader = new StreamReader(log);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
