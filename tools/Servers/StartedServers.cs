using Servers.Docker;
using Servers.Native;

namespace Servers;

/// <summary>Servers by the rule, up and answering.</summary>
public static class StartedServers
{
    /// <summary>Finds or starts the servers. Their data is kept for the next start under <paramref name="keepAs"/>.</summary>
    /// <exception cref="ServersException">There are none to be had; the message says what to do.</exception>
    public static async Task<ServerPair> StartAsync(string keepAs, CancellationToken cancellationToken)
    {
        var choice = await ServerRule.DecideAsync(cancellationToken);
        switch (choice.Source)
        {
            case ServerSource.Environment:
                await Answers.WaitAsync(choice.Given!, cancellationToken);
                return choice.Given!;

            case ServerSource.Docker:
                try
                {
                    return await ComposeServers.StartAsync(cancellationToken);
                }
                catch (ServersException exception) when (!choice.IsForced)
                {
                    await Console.Error.WriteLineAsync($"Not using Docker: {exception.Message}");
                    break;
                }
        }

        var native = await NativeServers.StartAsync(new NativeOptions { KeepAs = keepAs }, cancellationToken);
        return native.Pair();
    }
}
