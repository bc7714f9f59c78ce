namespace Servers.Native;

/// <summary>An installation that has begun, which is let end whatever happens: cut off, it would leave packages half installed
/// and the machine's own policy changed. And nobody but root can end what sudo has started.</summary>
internal static class Installation
{
    /// <returns>Why it failed; null where it did not.</returns>
    public static async Task<string?> RunAsync(IReadOnlyList<string> line, TimeSpan deadline, CancellationToken cancellationToken)
    {
        await using var told = cancellationToken.Register(() => Console.Error.WriteLine("The installation that has begun is let end first ..."));
        var done = await Command.RunAsync(line[0], line.Skip(1), deadline, CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        return done.Succeeded ? null : done.LastLine;
    }
}
