namespace Servers;

/// <summary>Files by which processes take turns. The lock is an advisory one of the kernel, the same as flock's: it ends with
/// the process, however that ends.</summary>
internal static class LockedFile
{
    /// <summary>The file, locked until it is disposed of; null where another process has it.</summary>
    public static FileStream? TryTake(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault) when (fault is not DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The same, as soon as no other process has it.</summary>
    /// <param name="path">The file; its directory exists.</param>
    /// <param name="patience">How long the others may take.</param>
    /// <param name="whyWaiting">Said on standard error where there is anything to wait for; null says nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ServersException">The others took longer.</exception>
    public static async Task<FileStream> TakeAsync(string path, TimeSpan patience, string? whyWaiting, CancellationToken cancellationToken)
    {
        var end = DateTime.UtcNow + patience;
        for (var hasSpoken = whyWaiting is null; ; hasSpoken = true)
        {
            if (TryTake(path) is { } taken)
            {
                return taken;
            }

            if (DateTime.UtcNow > end)
            {
                throw new ServersException($"Another process has kept {path} locked for {patience.TotalMinutes:0} min.");
            }

            if (!hasSpoken)
            {
                await Console.Error.WriteLineAsync(whyWaiting);
            }

            await Task.Delay(20, cancellationToken);
        }
    }
}
