using Npgsql;

namespace Servers.Running;

/// <summary>./run: the whole service on servers that answer, and orders for it where that is asked.</summary>
internal static class RunCommand
{
    private const string PlaceOrders = "tools/PlaceOrders/PlaceOrders.csproj";
    private const string Database = "orders";

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var asked = RunArguments.Parse(arguments);
        var port = RunArguments.Port();
        await using var servers = await StartServersAndBuildAsync(asked, cancellationToken);
        var database = await OrdersDatabase.PrepareAsync(WithDatabase(servers), cancellationToken);

        await using var service = await RunningService.StartAsync(port, database, servers.RabbitMq, asked.PlacesOrders, cancellationToken);
        return asked.PlacesOrders
            ? await PlaceAsync(asked, service, cancellationToken)
            : await ServeAsync(service, servers, database, cancellationToken);
    }

    private static async Task<ServerPair> StartServersAndBuildAsync(RunArguments asked, CancellationToken cancellationToken)
    {
        // Side by side, since both take seconds; when one fails the other is ended too.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IReadOnlyList<string> projects = asked.PlacesOrders ? [OrdersDatabase.Project, PlaceOrders] : [OrdersDatabase.Project];
        var starting = StartedServers.StartAsync("run", either.Token);
        var building = DotNet.BuildAsync(either.Token, projects);
        try
        {
            await await Task.WhenAny(starting, building);
            await building;
            return await starting;
        }
        catch
        {
            await either.CancelAsync();
            await Task.WhenAll(starting, building).ContinueWith(_ => { }, TaskScheduler.Default);
            if (starting.IsCompletedSuccessfully)
            {
                await starting.Result.DisposeAsync();
            }

            throw;
        }
    }

    // Servers that were started for us have no database yet; a connection string of the environment names its own.
    private static string WithDatabase(ServerPair servers)
    {
        var address = new NpgsqlConnectionStringBuilder(servers.Postgres);
        if (servers.Stop is not null || string.IsNullOrEmpty(address.Database))
        {
            address.Database = Database;
        }

        return address.ConnectionString;
    }

    private static async Task<int> ServeAsync(
        RunningService service, ServerPair servers, string database, CancellationToken cancellationToken)
    {
        var postgres = new NpgsqlConnectionStringBuilder(database);
        Console.WriteLine(
            $$"""

            The service runs on {{service.Url}}
              health      {{service.Url}}/health/ready
              metrics     {{service.Url}}/metrics
              OpenAPI     {{service.Url}}/openapi/v1.json
            Servers: {{servers.Source}}
              PostgreSQL  postgresql://{{postgres.Username}}:{{postgres.Password}}@{{postgres.Host}}:{{postgres.Port}}/{{postgres.Database}}
              RabbitMQ    {{servers.Management?.AbsoluteUri ?? servers.RabbitMq}}

            Place an order:
              curl -i {{service.Url}}/orders -H 'Content-Type: application/json' \
                -d '{"customerId":"anna","currency":"EUR","lines":[{"sku":"sku-1","quantity":2,"unitPrice":9.90}]}'

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

    private static async Task<int> PlaceAsync(RunArguments asked, RunningService service, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> what = asked.Orders is { } count
            ? ["--orders", $"{count}"]
            : ["--orders-file", asked.OrdersFile!];
        var placing = ChildProcess.Start(DotNet.Program(PlaceOrders, ["--url", service.Url, .. what]) with { Environment = service.Environment });
        using var placed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var ended = service.EndedAsync(placed.Token);
            var done = placing.WaitAsync(cancellationToken);
            if (await Task.WhenAny(done, ended) == ended)
            {
                throw await ended;
            }

            await done;
            return placing.ExitCode;
        }
        finally
        {
            await placed.CancelAsync();
            await placing.StopAsync(Signal.Terminate, TimeSpan.FromSeconds(10));
        }
    }
}
