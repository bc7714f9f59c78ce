using RabbitMQ.Client;

namespace Faults;

/// <summary>Messages that should not be, or not again.</summary>
internal static class MessageCases
{
    public static IEnumerable<FaultCase> All =>
    [
        new("messages-replayed", "the whole recent past, published again, has no second effect", ReplayAsync),
        new("messages-poisoned", "what can never be handled ends as a dead letter, and its neighbours do not notice", PoisonAsync),
        new("messages-under-a-used-id", "another message under the id of a handled one is not taken for its repeat", ImpostorsAsync),
        new("rows-hostile", "rows that no broker can carry, or that nobody is bound for, are parked and never marked", HostileRowsAsync) { Charges = Charges.Must },
        new("rows-late", "rows that become visible long after later ones are not passed by", LateRowsAsync) { MostRepeats = 0 },
        new("rows-of-a-large-transaction", "rows that one transaction writes for seconds, between those of all others, are not passed by", LargeTransactionAsync),
        new("handlers-slow", "a consumer that dies while one of its lanes dawdles has acked nothing that the lane still had to do", SlowLaneAsync) { MostRepeats = 0 },
        new("handlers-fail", "messages whose handling fails for a while have their effect once it does not", FailAsync) { MostRepeats = 0 },
    ];

    private static async Task ReplayAsync(Injection fault)
    {
        for (var time = 0; time < 3; time++)
        {
            await fault.PauseAsync(0.8, 1.2);
            var recent = fault.Arena.Tap.Recent;
            fault.Note($"{recent.Count} messages published again");
            await PublishAsync(fault, async channel =>
            {
                foreach (var (properties, routingKey, body) in recent)
                {
                    await channel.BasicPublishAsync(Tap.Exchange, routingKey, mandatory: true, properties, body, fault.Cancellation);
                }
            });
        }
    }

    private static Task PoisonAsync(Injection fault) => PublishAsync(fault, async channel =>
    {
        var valid = """{"orderId":"00000000-0000-0000-0000-000000000001"}"""u8.ToArray();
        (BasicProperties Properties, byte[] Body)[] poisons =
        [
            (Made(Guid.NewGuid().ToString(), "orders.order-confirmed.v1"), "{ not JSON"u8.ToArray()),
            (Made(Guid.NewGuid().ToString(), "orders.order-confirmed.v1"), []),
            (Made(Guid.NewGuid().ToString(), "somebody.elses.v1"), valid),
            (Made("not a uuid", "orders.order-confirmed.v1"), valid),
            (Made(null, "orders.order-confirmed.v1"), valid),
            (Made(Guid.NewGuid().ToString(), null), valid),
        ];
        for (var time = 0; time < 5; time++)
        {
            foreach (var (properties, body) in poisons)
            {
                await channel.BasicPublishAsync(Tap.Exchange, "orders.order-confirmed.v1", mandatory: true, properties, body, fault.Cancellation);
                fault.Note("poison");
                fault.DeadLetters++;
            }

            await fault.PauseAsync(0.3, 0.8);
        }
    });

    private static async Task ImpostorsAsync(Injection fault)
    {
        await fault.PauseAsync(2, 2.5);
        await PublishAsync(fault, async channel =>
        {
            foreach (var (properties, routingKey, _) in fault.Arena.Tap.Recent.Where(message => Guid.TryParse(message.Properties.MessageId, out _)).Take(10))
            {
                var impostor = Made(properties.MessageId, properties.Type);
                // One that the consumer can read: only the id and the body tell that it is another message.
                var body = System.Text.Encoding.UTF8.GetBytes($$"""{"orderId":"{{Guid.NewGuid()}}","customerId":"impostor","lines":[],"currency":"EUR","total":0,"placedAt":"2026-01-01T00:00:00Z","heldStock":true}""");
                await channel.BasicPublishAsync(Tap.Exchange, routingKey, mandatory: true, impostor, body, fault.Cancellation);
                fault.Note("impostor");
                fault.DeadLetters++;
            }
        });
        await fault.PauseAsync(1, 2);
    }

    private static async Task HostileRowsAsync(Injection fault)
    {
        string[] rows =
        [
            $"('{Tap.Exchange}', 'nobody.is.bound', 'nobody.is.bound', '{WireRules.HostileKey}', '{{}}', NULL)",
            $"('{Tap.Exchange}', repeat('k', 300), 'orders.order-confirmed.v1', '{WireRules.HostileKey}', '{{}}', NULL)",
            $"('no.such.exchange', 'orders.order-confirmed.v1', 'orders.order-confirmed.v1', '{WireRules.HostileKey}', '{{}}', NULL)",
            $"('{Tap.Exchange}', 'orders.order-confirmed.v1', 'orders.order-confirmed.v1', '{WireRules.HostileKey}', '{{}}', jsonb_build_object('much', repeat('x', 200000)))",
        ];
        foreach (var row in rows)
        {
            fault.Note("hostile row");
            fault.ParkedRows++;
            await fault.Database.ExecuteAsync($"INSERT INTO outbox_message (exchange, routing_key, type, key, body, headers) VALUES {row}", fault.Cancellation);
            await fault.PauseAsync(0.5, 1);
        }

        await fault.PauseAsync(2, 3);
    }

    // Many ids are taken at once and committed in whatever order, some of them seconds later.
    private static async Task LateRowsAsync(Injection fault)
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
        {
            var order = Guid.NewGuid();
            var wait = 0.3 + (fault.Random.NextDouble() * 4);
            fault.Note("late commit");
            await using var session = await fault.Database.OpenAsync(fault.Cancellation);
            await using var transaction = await session.BeginTransactionAsync(fault.Cancellation);
            await Database.ExecuteAsync(session, WrittenMessage.Insert(order), fault.Cancellation);
            await Task.Delay(TimeSpan.FromSeconds(wait), fault.Cancellation);
            await transaction.CommitAsync(fault.Cancellation);
            fault.Load.Wrote(order);
        }));
    }

    // Thousands of ids are skipped while it is open, by the relay and by the one that takes over.
    private static async Task LargeTransactionAsync(Injection fault)
    {
        const int Parts = 40;
        const int RowsOfAPart = 25;

        var orders = Enumerable.Range(0, Parts * RowsOfAPart).Select(_ => Guid.NewGuid()).ToList();
        await using var session = await fault.Database.OpenAsync(fault.Cancellation);
        await using var transaction = await session.BeginTransactionAsync(fault.Cancellation);
        fault.Note("large transaction");
        foreach (var (number, part) in orders.Chunk(RowsOfAPart).Index())
        {
            await Database.ExecuteAsync(session, string.Join(';', part.Select(order => WrittenMessage.Insert(order))), fault.Cancellation);
            await fault.PauseAsync(0.05, 0.15);
            if (number == Parts / 2)
            {
                await fault.KillAsync(await fault.OwnerAsync());
            }
        }

        await transaction.CommitAsync(fault.Cancellation);
        orders.ForEach(fault.Load.Wrote);
    }

    private static async Task SlowLaneAsync(Injection fault)
    {
        for (var time = 0; time < 3; time++)
        {
            // One message that dawdles, and many behind it that the other lanes are done with long before.
            var slow = Guid.NewGuid();
            await fault.Database.ExecuteAsync(
                $"INSERT INTO faults.scheduled VALUES ('{slow}', NULL, '2 s'); {WrittenMessage.Insert(slow)}", fault.Cancellation);
            fault.Load.Wrote(slow);
            fault.Note("slow handler");
            await fault.PauseAsync(0.9, 1.2);
            await Task.WhenAll(fault.Fleet.Consumers.Select(fault.KillAsync));
            await fault.PauseAsync(2.5, 3);
        }
    }

    /// <summary>Messages whose handling fails for three seconds: long enough for a consumer that has just started to try it.</summary>
    public static async Task FailAsync(Injection fault)
    {
        for (var time = 0; time < 20; time++)
        {
            var order = Guid.NewGuid();
            await fault.Database.ExecuteAsync(
                $"INSERT INTO faults.scheduled VALUES ('{order}', clock_timestamp() + interval '3 s', NULL); {WrittenMessage.Insert(order)}", fault.Cancellation);
            fault.Load.Wrote(order);
            fault.Note("failing handler");
            await fault.PauseAsync(0.05, 0.2);
        }

        await fault.PauseAsync(3, 4);
    }

    private static async Task PublishAsync(Injection fault, Func<IChannel, Task> publish)
    {
        await using var connection = await fault.Broker.ConnectAsync(fault.Cancellation);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), fault.Cancellation);
        await publish(channel);
    }

    private static BasicProperties Made(string? id, string? type) => new()
    {
        MessageId = id,
        Type = type,
        AppId = Tap.OwnApp,
        ContentType = "application/json",
        DeliveryMode = DeliveryModes.Persistent,
    };
}
