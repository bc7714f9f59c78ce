namespace Faults;

/// <summary>Everything that happens to the network between the service and its servers.</summary>
internal static class NetworkCases
{
    private static readonly (string Name, string Of, Func<ServiceProcess, TcpProxy> Proxy)[] Ways =
    [
        ("database", "the database", process => process.Postgres),
        ("broker", "the broker", process => process.RabbitMq),
    ];

    private static readonly TimeSpan Happened = TimeSpan.FromSeconds(20);

    public static IEnumerable<FaultCase> All =>
    [
        .. Ways.SelectMany(way => new FaultCase[]
        {
            new($"network-{way.Name}-refuses", $"while {way.Of} cannot be reached nothing is charged and nothing gets lost", fault => SwitchAsync(fault, way.Proxy, "refused", proxy => proxy.Refuse(), 2, 5)),
            new($"network-{way.Name}-resets", $"connections to {way.Of} that are reset again and again lose nothing", fault => ResetAsync(fault, way.Proxy)),
            new($"network-{way.Name}-swallows-requests", $"requests to {way.Of} that vanish are given up and repeated", fault => SwitchAsync(fault, way.Proxy, "requests swallowed", proxy => proxy.HoldsRequests = true, 4, 8)),
            new($"network-{way.Name}-swallows-replies", $"replies of {way.Of} that vanish leave nobody in the belief that all is well", fault => SwitchAsync(fault, way.Proxy, "replies swallowed", proxy => proxy.HoldsReplies = true, 4, 8)),
            new($"network-{way.Name}-delays", $"a slow way to {way.Of} costs time alone", fault => SwitchAsync(fault, way.Proxy, "delayed", proxy => proxy.Delay = TimeSpan.FromMilliseconds(40), 4, 6)),
            new($"network-{way.Name}-throttles", $"a narrow way to {way.Of} costs time alone", fault => SwitchAsync(fault, way.Proxy, "throttled", proxy => proxy.BytesPerSecond = 30_000, 4, 6)),
            new($"network-{way.Name}-cuts", $"connections to {way.Of} that end in the middle of whatever they carry leave nothing half done", fault => CutAsync(fault, way.Proxy)),
        }),
        new("network-commit-reply-lost", "a COMMIT whose reply is lost is known to have happened before anything is done twice", CutCommitsAsync),
        new("network-confirms-lost", "messages whose confirms are lost are published again and suppressed", DropConfirmsAsync),
        new("network-owner-partitioned", "an owner that is cut off from the database is succeeded, and what it confirmed meanwhile stays true", PartitionOwnerAsync),
        new("network-consumer-partitioned", "a consumer that is cut off from everything is succeeded by another", PartitionConsumerAsync),
    ];

    private static async Task SwitchAsync(Injection fault, Func<ServiceProcess, TcpProxy> way, string what, Action<TcpProxy> turn, double least, double most)
    {
        var proxies = fault.Fleet.All.Select(way).ToList();
        for (var time = 0; time < 2; time++)
        {
            fault.Note($"{proxies[0].Protocol} {what}");
            proxies.ForEach(turn);
            await fault.PauseAsync(least, most);
            proxies.ForEach(proxy => proxy.Heal());
            if (proxies[0].Protocol == Protocol.Amqp && what == "refused")
            {
                await BrokerCases.BackAsync(fault);
            }
        }
    }

    private static async Task ResetAsync(Injection fault, Func<ServiceProcess, TcpProxy> way)
    {
        for (var time = 0; time < 10; time++)
        {
            foreach (var proxy in fault.Fleet.All.Select(way))
            {
                proxy.Reset();
            }

            fault.Note("reset");
            await fault.PauseAsync(0.3, 1);
        }
    }

    private static async Task CutAsync(Injection fault, Func<ServiceProcess, TcpProxy> way)
    {
        for (var time = 0; time < 8; time++)
        {
            foreach (var proxy in fault.Fleet.All.Select(way))
            {
                proxy.CutAfter(fault.Random.Next(1, 20_000));
            }

            fault.Note("cut in the middle");
            await fault.PauseAsync(0.8, 1.5);
        }
    }

    private static async Task CutCommitsAsync(Injection fault)
    {
        var proxies = fault.Fleet.All.Select(process => process.Postgres).ToList();
        var before = proxies.Sum(proxy => proxy.CommitRepliesCut);
        for (var time = 0; time < 5; time++)
        {
            proxies.ForEach(proxy => proxy.CutCommitReplies(2));
            await fault.PauseAsync(0.5, 1.2);
        }

        await fault.UntilAsync(() => Task.FromResult(proxies.Sum(proxy => proxy.CommitRepliesCut) > before), Happened, "a COMMIT loses its reply");
        for (var cut = proxies.Sum(proxy => proxy.CommitRepliesCut) - before; cut > 0; cut--)
        {
            fault.Note("COMMIT without a reply");
        }
    }

    private static async Task DropConfirmsAsync(Injection fault)
    {
        var proxies = fault.Fleet.All.Select(process => process.RabbitMq).ToList();
        var before = proxies.Sum(proxy => proxy.ConfirmsDropped);
        proxies.ForEach(proxy => proxy.DropsConfirms = true);
        fault.Note("confirms dropped");
        await fault.UntilAsync(() => Task.FromResult(proxies.Sum(proxy => proxy.ConfirmsDropped) > before), Happened, "a confirm is dropped");
        // The confirm timeout is 5 s here.
        await fault.PauseAsync(6, 8);
    }

    private static async Task PartitionOwnerAsync(Injection fault)
    {
        var owner = await fault.OwnerAsync();
        fault.Note($"{owner.Name} cut off from the database");
        owner.Postgres.HoldsRequests = owner.Postgres.HoldsReplies = true;
        await fault.PauseAsync(6, 9);
    }

    private static async Task PartitionConsumerAsync(Injection fault)
    {
        var consumer = fault.OneOf(fault.Fleet.Consumers);
        fault.Note($"{consumer.Name} cut off from everything");
        consumer.Postgres.HoldsRequests = consumer.RabbitMq.HoldsRequests = true;
        await fault.PauseAsync(5, 8);
        consumer.RabbitMq.Reset();
        await fault.PauseAsync(1, 2);
    }
}
