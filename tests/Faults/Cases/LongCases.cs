namespace Faults;

/// <summary>What shows only after minutes.</summary>
internal static class LongCases
{
    private const int OrdersWithoutBroker = 20_000;

    // Outbox__InFlight, unless set: what was in flight when the broker went is published again.
    private const int Window = 1_024;

    public static IEnumerable<FaultCase> All =>
    [
        new("outage-of-five-minutes", "twenty thousand orders that were committed without a broker go out once it is back, none charged, none dead", OutageAsync) { Plays = Plays.InLongRuns, Load = LoadShape.Patient, MostRepeats = Window, NeedsMachine = true },
        new("snapshot-of-ten-minutes", "a snapshot that is held for ten minutes under load slows nobody down for good", SnapshotAsync) { Plays = Plays.InLongRuns },
    ];

    private static async Task OutageAsync(Injection fault)
    {
        fault.Note("broker stopped for five minutes");
        var before = fault.Load.Orders;
        var end = DateTime.UtcNow.AddMinutes(5);
        await fault.Broker.Server.StopAsync();
        while (DateTime.UtcNow < end || fault.Load.Orders - before < OrdersWithoutBroker)
        {
            await fault.PauseAsync(1, 1);
        }

        await fault.Broker.Server.StartAsync(fault.Cancellation);
        await BrokerCases.BackAsync(fault);
    }

    private static async Task SnapshotAsync(Injection fault)
    {
        await using var session = await fault.Database.OpenAsync(fault.Cancellation);
        await using var transaction = await session.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, fault.Cancellation);
        fault.Note("snapshot held for ten minutes");
        await Database.ExecuteAsync(session, "SELECT pg_current_xact_id()", fault.Cancellation);
        for (var minute = 0; minute < 10; minute++)
        {
            await fault.PauseAsync(60, 60);
        }
    }
}
