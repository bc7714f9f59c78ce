namespace Servers.Running;

/// <summary>Servers alone, for work with a debugger or a console.</summary>
internal static class StartCommand
{
    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var servers = await StartedServers.StartAsync(KeptData.Name, cancellationToken);
        Console.WriteLine(
            $"""
            export ConnectionStrings__Postgres='{servers.Postgres}'
            export ConnectionStrings__RabbitMq='{servers.RabbitMq}'
            """);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
        }

        return 0;
    }
}
