namespace Faults;

/// <summary>Lets several runs share a machine: their cases are played side by side, but one that needs all of the machine waits
/// until the others have ended theirs, and they wait for it. Locks of files, so a run that dies holds nobody up.</summary>
internal static class MachineShare
{
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    // Whoever waits for the whole machine stands in the door, so that the others cannot pass again and again.
    private static string Door => Name("door");

    private static string Room => Name("room");

    /// <summary>Completes when the case may be played; it may be until the result is disposed of.</summary>
    /// <exception cref="TimeoutException">The others did not end within an hour.</exception>
    public static async Task<IDisposable> TakeAsync(bool whole, CancellationToken cancellationToken)
    {
        await using var door = await LockAsync(Door, whole: true, cancellationToken);
        return await LockAsync(Room, whole, cancellationToken);
    }

    private static async Task<FileStream> LockAsync(string file, bool whole, CancellationToken cancellationToken)
    {
        FileStream? locked = null;
        return await Poll.UntilAsync(() => Task.FromResult((locked = TryLock(file, whole)) is not null), Patience, cancellationToken)
            ? locked!
            : throw new TimeoutException($"Another run has kept {file} for {Patience.TotalMinutes:0} minutes.");
    }

    private static FileStream? TryLock(string file, bool whole)
    {
        try
        {
            return whole
                ? new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)
                : new FileStream(file, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string Name(string part) => Path.Combine(Path.GetTempPath(), $"faults-{Environment.UserName}-{part}");
}
