namespace Faults;

/// <summary>Faults upon faults.</summary>
internal static class CombinedCases
{
    public static IEnumerable<FaultCase> All =>
    [
        new("both-servers-crash", "both servers may go at once", CrashBothAsync),
        new("kill-while-broker-is-away", "relays and consumers that die while the broker is away have nothing to remember", KillWhileAwayAsync),
        new("stop-while-broker-is-away", "a service that is told to stop while the broker is away stops in time and forgets nothing", StopWhileAwayAsync),
        new("storm", "many faults of all kinds within seconds", StormAsync),
    ];

    private static async Task CrashBothAsync(Injection fault)
    {
        fault.Note("kill -9 broker");
        fault.Note("restart -m immediate");
        await Task.WhenAll(fault.Broker.Server.KillAsync(), fault.Database.Server.StopImmediatelyAsync());
        await fault.PauseAsync(0.5, 1.5);
        await Task.WhenAll(fault.Broker.Server.StartAsync(fault.Cancellation), fault.Database.Server.StartAsync(fault.Cancellation));
        await fault.PauseAsync(2, 3);
    }

    private static async Task KillWhileAwayAsync(Injection fault)
    {
        Refuse(fault);
        await fault.PauseAsync(0.5, 1);
        await Task.WhenAll(fault.Fleet.Relays.Concat(fault.Fleet.Consumers).Select(fault.KillAsync));
        await fault.PauseAsync(2, 3);
        await ComeBackAsync(fault);
    }

    private static async Task StopWhileAwayAsync(Injection fault)
    {
        Refuse(fault);
        await fault.PauseAsync(0.5, 1);
        await Task.WhenAll(fault.Fleet.All.Select(process =>
        {
            fault.Note($"stop {process.Name}");
            return process.TerminateAsync();
        }));
        await fault.PauseAsync(1, 2);
        await ComeBackAsync(fault);
    }

    private static void Refuse(Injection fault)
    {
        fault.Note("broker refused");
        foreach (var process in fault.Fleet.All)
        {
            process.RabbitMq.Refuse();
        }
    }

    private static Task ComeBackAsync(Injection fault)
    {
        foreach (var process in fault.Fleet.All)
        {
            process.RabbitMq.Accept();
        }

        return fault.PauseAsync(2, 3);
    }

    private static async Task StormAsync(Injection fault)
    {
        var end = DateTime.UtcNow.AddSeconds(10);
        while (DateTime.UtcNow < end)
        {
            var process = fault.OneOf(fault.Fleet.All);
            switch (fault.Random.Next(6))
            {
                case 0:
                    await fault.KillAsync(process);
                    break;
                case 1:
                    fault.Note("reset");
                    process.Postgres.Reset();
                    break;
                case 2:
                    fault.Note("reset");
                    process.RabbitMq.Reset();
                    break;
                case 3:
                    fault.Note("pg_terminate_backend");
                    await fault.Database.TerminateSessionsAsync(fault.Cancellation);
                    break;
                case 4:
                    fault.Note("cut in the middle");
                    process.Postgres.CutAfter(fault.Random.Next(5_000));
                    process.RabbitMq.CutAfter(fault.Random.Next(5_000));
                    break;
                default:
                    fault.Note("COMMIT without a reply");
                    process.Postgres.CutCommitReplies(1);
                    break;
            }

            await fault.PauseAsync(0.1, 0.6);
        }
    }
}
