using System.Security.Cryptography;
using System.Text;

namespace Servers.Docker;

/// <summary>A compose project of this checkout. It is locked while a process uses it: two that share one would end each
/// other's containers.</summary>
internal sealed class ComposeProject : IDisposable
{
    private const string LockSuffix = ".lock";
    private readonly FileStream _lock;

    private ComposeProject(string name, FileStream heldLock) => (Name, _lock) = (name, heldLock);

    /// <summary>The name of the project whose data is kept for the next start.</summary>
    public static string Kept { get; } = "run-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RepositoryRoot.Path)))[..8];

    /// <summary>Where the locks are.</summary>
    public static string Locks { get; } = Path.Combine(RepositoryRoot.Path, ".local", "compose");

    public string Name { get; }

    /// <summary>Whether data stays after the containers have stopped.</summary>
    public bool IsKept => Name == Kept;

    /// <summary>Takes the project whose data is kept, or a new one where another process uses that.</summary>
    public static ComposeProject Take(string locks)
    {
        Directory.CreateDirectory(locks);
        return TryTake(locks, Kept) ?? TryTake(locks, $"{Kept}-{Guid.NewGuid().ToString("N")[..8]}")
            ?? throw new ServersException($"{locks} cannot be written to.");
    }

    /// <summary>Takes the projects that keep nothing and whose processes were killed before they could remove them.</summary>
    public static IReadOnlyList<ComposeProject> TakeAbandoned(string locks) =>
    [
        .. Directory.GetFiles(locks, $"{Kept}-*{LockSuffix}")
            .Select(file => TryTake(locks, Path.GetFileName(file)[..^LockSuffix.Length]))
            .OfType<ComposeProject>(),
    ];

    /// <summary>There is nothing left of it that would have to be removed some day.</summary>
    public void Forget() => File.Delete(_lock.Name);

    /// <summary>Gives the project free, after its containers have stopped.</summary>
    public void Dispose() => _lock.Dispose();

    private static ComposeProject? TryTake(string locks, string name) =>
        LockedFile.TryTake(Path.Combine(locks, name + LockSuffix)) is { } taken ? new ComposeProject(name, taken) : null;
}
