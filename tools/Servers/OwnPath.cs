using System.Globalization;

namespace Servers;

/// <summary>Files and directories below .local that are one process's own: several of a checkout would else write into, or
/// delete, each other's.</summary>
internal static class OwnPath
{
    /// <summary>A path that nothing is at. What processes that have ended left behind under the name is deleted.</summary>
    public static string New(string name, string extension = "") =>
        New(Path.Combine(RepositoryRoot.Path, ".local"), name, extension);

    internal static string New(string directory, string name, string extension)
    {
        Directory.CreateDirectory(directory);
        foreach (var left in Directory.GetFileSystemEntries(directory, $"{name}-*{extension}"))
        {
            var id = Path.GetFileName(left)[(name.Length + 1)..^extension.Length];
            if (int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var process)
                && (process == Environment.ProcessId || !Posix.IsThere(process)))
            {
                Delete(left);
            }
        }

        return Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{name}-{Environment.ProcessId}{extension}"));
    }

    private static void Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }
}
