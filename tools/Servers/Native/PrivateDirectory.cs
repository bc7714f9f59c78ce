using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Servers.Native;

/// <summary>The directory of one pair of servers: their data, their passwords and a record of their processes. It is locked
/// while a process uses it; what a killed process left behind in it is ended by the next one.</summary>
internal sealed class PrivateDirectory : IDisposable
{
    private readonly FileStream _lock;
    private readonly Lock _recording = new();

    private PrivateDirectory(string path, bool isKept, FileStream heldLock) => (Path, IsKept, _lock) = (path, isKept, heldLock);

    // Except for root: PostgreSQL refuses to run as root, and the users that root runs the servers as cannot enter root's home.
    // And except where the path has blanks, at which RabbitMQ's scripts break.
    private static bool IsBelowRepository => !Posix.IsRoot && !RepositoryRoot.Path.Any(char.IsWhiteSpace);

    /// <summary>The directory that holds those of this checkout; it need not exist yet.</summary>
    public static string Root { get; } =
        IsBelowRepository ? System.IO.Path.Combine(RepositoryRoot.Path, ".local", "servers") : RootInTemporary();

    public string Path { get; }

    /// <summary>Whether data stays after the servers have stopped.</summary>
    public bool IsKept { get; }

    private string ProcessesFile => System.IO.Path.Combine(Path, "processes");

    /// <summary>Takes the directory of that name, or a new one that is deleted at the end where the name is null or where
    /// another process uses the directory.</summary>
    public static async Task<PrivateDirectory> TakeAsync(string? name, CancellationToken cancellationToken)
    {
        var root = await MakeRootAsync(cancellationToken);
        // One at a time, or a sweep could take a directory between its making and its locking for an abandoned one.
        await using var turn = await LockedFile.TakeAsync(System.IO.Path.Combine(root, "lock"), TimeSpan.FromMinutes(1), null, cancellationToken);
        await SweepAsync(root, cancellationToken);
        if (name is not null)
        {
            if (await TryTakeAsync(System.IO.Path.Combine(root, name), isKept: true, cancellationToken) is { } kept)
            {
                return kept;
            }

            await Console.Error.WriteLineAsync("The kept data is in use by another process: these servers start empty and keep nothing.");
        }

        var fresh = System.IO.Path.Combine(root, "once-" + Guid.NewGuid().ToString("N")[..12]);
        return await TryTakeAsync(fresh, isKept: false, cancellationToken)
            ?? throw new ServersException($"{fresh} cannot be locked.");
    }

    /// <summary>Remembers a process that must not outlive the use of this directory.</summary>
    public ChildProcess Record(ChildProcess process)
    {
        lock (_recording)
        {
            File.AppendAllText(ProcessesFile, process.Identity + '\n');
        }

        return process;
    }

    /// <summary>A password that stays the same for as long as the data does.</summary>
    public string Password()
    {
        var file = System.IO.Path.Combine(Path, "password");
        if (!File.Exists(file))
        {
            File.WriteAllText(file, RandomNumberGenerator.GetHexString(24, lowercase: true));
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return File.ReadAllText(file);
    }

    /// <summary>Gives the directory free, after the servers have stopped.</summary>
    public void Dispose()
    {
        File.Delete(ProcessesFile);
        if (!IsKept)
        {
            Delete();
        }

        _lock.Dispose();
    }

    private void Delete()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A process that is just ending may still write: the next start sweeps what is left.
        }
    }

    private static async Task<string> MakeRootAsync(CancellationToken cancellationToken)
    {
        if (IsBelowRepository)
        {
            return Directory.CreateDirectory(Root).FullName;
        }

        Directory.CreateDirectory(Root, OwnerWritesOthersEnter);

        // Whoever made a directory of this name before us could swap the data below it.
        var owner = await Command.RunAsync("stat", ["-c", "%u %F", Root], TimeSpan.FromSeconds(10), cancellationToken);
        return owner.Output.Trim() == $"{Posix.UserId} directory"
            ? Root
            : throw new ServersException($"{Root} belongs to another user. Remove it, or set TMPDIR.");
    }

    private static string RootInTemporary()
    {
        var repository = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RepositoryRoot.Path)))[..8];
        return System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"servers-{Posix.UserId}-{repository}");
    }

    private const UnixFileMode OwnerWritesOthersEnter =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static async Task SweepAsync(string root, CancellationToken cancellationToken)
    {
        foreach (var left in Directory.GetDirectories(root, "once-*"))
        {
            (await TryTakeAsync(left, isKept: false, cancellationToken))?.Dispose();
        }
    }

    private static async Task<PrivateDirectory?> TryTakeAsync(string path, bool isKept, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(path, OwnerWritesOthersEnter);
            if (LockedFile.TryTake(System.IO.Path.Combine(path, "lock")) is not { } held)
            {
                return null;
            }

            var taken = new PrivateDirectory(path, isKept, held);
            await taken.EndLeftProcessesAsync(cancellationToken);
            return taken;
        }
        catch (IOException)
        {
            // Its process is deleting it just now.
            return null;
        }
    }

    private async Task EndLeftProcessesAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(ProcessesFile))
        {
            return;
        }

        // They were told to stop when their parent died; what has not by now gets the signal that cannot be ignored.
        var patience = DateTime.UtcNow.AddSeconds(15);
        foreach (var line in await File.ReadAllLinesAsync(ProcessesFile, cancellationToken))
        {
            if (line.Split(' ') is [var id, var start]
                && int.TryParse(id, CultureInfo.InvariantCulture, out var processId)
                && long.TryParse(start, CultureInfo.InvariantCulture, out var startTime))
            {
                while (Posix.StartTime(processId) == startTime)
                {
                    if (DateTime.UtcNow > patience)
                    {
                        Posix.Send(processId, Signal.Kill);
                    }

                    await Task.Delay(50, cancellationToken);
                }
            }
        }

        File.Delete(ProcessesFile);
    }
}
