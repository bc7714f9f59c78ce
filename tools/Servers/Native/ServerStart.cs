namespace Servers.Native;

/// <summary>Waits for a server that was just started.</summary>
internal static class ServerStart
{
    private const int LogLines = 15;

    public static async Task WaitAsync(
        string name,
        ChildProcess server,
        Func<string, CancellationToken, Task<string?>> refusal,
        string address,
        IReadOnlyList<string> logs,
        TimeSpan deadline,
        CancellationToken cancellationToken)
    {
        var end = DateTime.UtcNow + deadline;
        while (await refusal(address, cancellationToken) is { } reason)
        {
            if (server.HasExited || DateTime.UtcNow > end)
            {
                var what = server.HasExited ? $"ended with code {server.ExitCode}" : $"does not answer ({reason})";
                await server.StopAsync(Signal.Kill, TimeSpan.FromSeconds(5));
                throw new ServersException($"{name} {what}. Its log ends:\n{string.Join('\n', logs.SelectMany(Tail))}");
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    private static IEnumerable<string> Tail(string log) => File.Exists(log) ? File.ReadLines(log).TakeLast(LogLines) : [];
}
