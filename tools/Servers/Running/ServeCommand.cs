using Npgsql;

namespace Servers.Running;

/// <summary>./run: the whole service, until Ctrl-C.</summary>
internal static class ServeCommand
{
    public static Task<int> RunAsync(CancellationToken cancellationToken) =>
        RunCommand.RunAsync(isQuiet: false, [], service => ServeAsync(service, cancellationToken), cancellationToken);

    private static async Task<int> ServeAsync(RunningService service, CancellationToken cancellationToken)
    {
        var postgres = new NpgsqlConnectionStringBuilder(service.Postgres);
        Console.WriteLine(
            $"""

            The service runs on {service.Url}
              health      {service.Url}/health/ready
              metrics     {service.Url}/metrics
              OpenAPI     {service.Url}/openapi/v1.json
            Servers: {service.Servers.Source}
              PostgreSQL  postgresql://{postgres.Username}:{postgres.Password}@{postgres.Host}:{postgres.Port}/{postgres.Database}
              RabbitMQ    {service.Servers.Management?.AbsoluteUri ?? service.Servers.RabbitMq}

            {FirstRequest.For(service.Url)}

            Ctrl-C stops everything.
            """);
        try
        {
            throw await service.EndedAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
    }
}
