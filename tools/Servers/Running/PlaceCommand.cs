namespace Servers.Running;

/// <summary>./run --orders and --orders-file: the whole service, orders for it, and what became of them.</summary>
internal static class PlaceCommand
{
    private const string Project = "tools/PlaceOrders/PlaceOrders.csproj";
    private const string Retention = "Outbox__Retention";

    public static Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var asked = OrdersAsked.Parse(arguments);
        CheckRetention(Environment.GetEnvironmentVariable(Retention));
        return RunCommand.RunAsync(isQuiet: true, [Project], service => PlaceAsync(asked, service, cancellationToken), cancellationToken);
    }

    /// <exception cref="ServersException">Rows would be deleted as soon as they are sent: reconciling would count them as lost.</exception>
    internal static void CheckRetention(string? retention)
    {
        if (!string.IsNullOrWhiteSpace(retention) && !retention.AsSpan().ContainsAnyInRange('1', '9'))
        {
            throw new ServersException($"{Retention} is \"{retention}\": reconciling needs the rows that were sent, so it must be longer than 0 here.");
        }
    }

    private static async Task<int> PlaceAsync(OrdersAsked asked, RunningService service, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> what = asked.Count is { } count
            ? ["--orders", $"{count}"]
            : ["--orders-file", asked.File!];
        var placing = ChildProcess.Start(DotNet.Program(Project, ["--url", service.Url, .. what]) with { Environment = service.Environment });
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
