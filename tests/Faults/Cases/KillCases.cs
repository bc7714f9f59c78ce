namespace Faults;

/// <summary>Processes of the service that die, freeze, or are told to stop.</summary>
internal static class KillCases
{
    private static readonly TimeSpan Reached = TimeSpan.FromSeconds(60);

    public static IEnumerable<FaultCase> All =>
    [
        new("no-fault", "without a fault all orders have their effects, so that what other cases find is the faults' doing", fault => fault.PauseAsync(3, 4)) { MostRepeats = 0 },

        At("relay", "relay.before-publish", 300, "a row that was read and not yet published is published by the next owner"),
        At("relay", "relay.after-publish", 300, "a message whose confirm nobody waits for any more comes again and is suppressed"),
        At("relay", "relay.after-confirm", 300, "a message that was confirmed and not marked comes again and is suppressed"),
        At("relay", "relay.after-mark", 20, "a relay that dies after it has marked leaves nothing to do"),
        At("consumer", "consume.before-inbox-insert", 40, "a delivery that was never begun is delivered again"),
        At("consumer", "consume.after-inbox-insert", 40, "an inbox row without its effect is rolled back with it"),
        At("consumer", "consume.after-handler", 40, "an effect that was not committed is undone and done again"),
        At("consumer", "consume.after-commit", 40, "an effect that was committed and not acked is suppressed when it comes again"),
        At("consumer", "retry.after-republish", 2, "a copy for a retry whose original was not acked has its effect once"),
        At("api", "place.before-commit", 150, "an order that was not committed leaves neither row nor message, and can be asked for again"),
        At("api", "place.after-commit", 150, "an order that was committed and not answered is the same order when it is asked for again"),

        new("kill-any", "whichever process dies whenever, nothing is lost or doubled", fault => ManyAsync(fault, 14, () => fault.OneOf(fault.Fleet.All))),
        new("kill-owner", "the standby goes on where the owner of the outbox died", fault => ManyAsync(fault, 5, fault.OwnerAsync)),
        new("kill-relays", "without any relay messages wait in their table", fault => TogetherAsync(fault, fault.Fleet.Relays)),
        new("kill-consumers", "without any consumer messages wait in their queues", fault => TogetherAsync(fault, fault.Fleet.Consumers)),
        new("kill-apis", "clients that ask again find their orders", fault => TogetherAsync(fault, fault.Fleet.Apis)) { MostRepeats = 0 },
        new("kill-all", "the service survives the loss of all its processes at once", fault => TogetherAsync(fault, fault.Fleet.All)),
        new("rolling-restart", "a deployment loses nothing and repeats nothing", RollAsync) { MostRepeats = 0 },

        new("freeze-owner", "an owner that hangs for longer than its lease is succeeded, and does no harm when it wakes up", FreezeOwnerAsync),
        new("freeze-consumer", "a consumer that hangs in the middle of its work holds nobody up for good", fault => FreezeAsync(fault, fault.OneOf(fault.Fleet.Consumers), 4, 6)) { MostRepeats = 0 },
        new("freeze-consumers", "consumers that wake up after a pause go on where they were", FreezeConsumersAsync) { MostRepeats = 0 },
        new("freeze-api", "requests of a process that hangs end with the clients' patience", fault => FreezeAsync(fault, fault.OneOf(fault.Fleet.Apis), 3, 4)),
    ];

    private static FaultCase At(string role, string failpoint, int mostPassed, string proves) =>
        new("kill-at-" + failpoint.Replace('.', '-'), proves, async fault =>
        {
            var processes = fault.Fleet.Of(role);
            var ends = processes.Sum(process => process.Ends) + processes.Count;
            await Task.WhenAll(processes.Select(process => process.KillAndStartAsync(
                ("FAILPOINT", failpoint), ("FAILPOINT_AFTER", fault.Random.Next(mostPassed).ToString(System.Globalization.CultureInfo.InvariantCulture)))));
            await fault.UntilAsync(() => Task.FromResult(processes.Sum(process => process.Ends) > ends), Reached, $"a process reaches {failpoint}");
            await fault.PauseAsync(2, 3);
            for (var killed = processes.Sum(process => process.Ends) - ends; killed > 0; killed--)
            {
                fault.Note($"kill -9 at {failpoint}");
            }
        });

    private static Task ManyAsync(Injection fault, int times, Func<ServiceProcess> which) => ManyAsync(fault, times, () => Task.FromResult(which()));

    private static async Task ManyAsync(Injection fault, int times, Func<Task<ServiceProcess>> which)
    {
        for (var time = 0; time < times; time++)
        {
            await fault.KillAsync(await which());
            await fault.PauseAsync(0.2, 1.2);
        }
    }

    private static async Task TogetherAsync(Injection fault, IReadOnlyList<ServiceProcess> processes)
    {
        for (var time = 0; time < 2; time++)
        {
            await Task.WhenAll(processes.Select(fault.KillAsync));
            await fault.PauseAsync(2, 3);
        }
    }

    private static async Task RollAsync(Injection fault)
    {
        foreach (var process in fault.Fleet.All)
        {
            fault.Note($"stop {process.Name}");
            await process.TerminateAsync();
            await fault.PauseAsync(0.3, 0.8);
        }
    }

    private static async Task FreezeAsync(Injection fault, ServiceProcess process, double least, double most)
    {
        fault.Freeze(process);
        await fault.PauseAsync(least, most);
        process.Continue();
        await fault.PauseAsync(0.5, 1);
    }

    private static async Task FreezeOwnerAsync(Injection fault)
    {
        // The lease is 3 s here.
        await FreezeAsync(fault, await fault.OwnerAsync(), 5, 6);
        await FreezeAsync(fault, await fault.OwnerAsync(), 2, 4);
    }

    private static async Task FreezeConsumersAsync(Injection fault)
    {
        foreach (var process in fault.Fleet.Consumers)
        {
            fault.Freeze(process);
        }

        await fault.PauseAsync(2, 4);
    }
}
