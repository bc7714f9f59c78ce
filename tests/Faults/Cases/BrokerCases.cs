using Servers;

namespace Faults;

/// <summary>Everything that happens to a broker and its queues.</summary>
internal static class BrokerCases
{
    private static readonly TimeSpan Emptied = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Refused = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Taken = TimeSpan.FromSeconds(20);

    public static IEnumerable<FaultCase> All =>
    [
        new("broker-stop-app", "while the broker is stopped by its operator rows wait, and go out within two seconds once it is back", StopAppAsync),
        new("broker-kill", "what the broker has confirmed survives its death, what it has not is published again", KillAsync),
        new("broker-restart", "a restart of the broker under load hangs nothing", RestartAsync),
        new("broker-freeze", "a broker that answers nobody for a while is neither waited for in vain nor published to twice for good", FreezeAsync),
        new("broker-closes-connections", "connections closed by an operator are opened again", CloseConnectionsAsync),
        new("broker-memory-alarm", "while the broker asks publishers to pause nothing is charged, and all goes out once it is over", fault => AlarmAsync(fault, ["set_vm_memory_high_watermark", "0.00001"], ["set_vm_memory_high_watermark", "0.4"])),
        new("broker-disk-alarm", "the same when its disk is full", fault => AlarmAsync(fault, ["set_disk_free_limit", "1000GB"], ["set_disk_free_limit", "50MB"])),
        new("broker-permissions", "revoked permissions charge no row and cost no message once they are granted again", RevokeAsync),
        new("broker-refuses", "what a full queue refuses is deferred with a backoff and delivered when there is room", RefuseAsync) { Charges = Charges.Must },
        new("broker-queue-deleted", "an empty queue that was deleted is declared again, bound and consumed, and misses nothing", DeleteQueuesAsync),
        new("broker-retry-queues-deleted", "a failed message is not acked before its copy for the retry has found a queue", DeleteRetryQueuesAsync),
        new("broker-exchange-deleted", "a deleted exchange is declared again with its bindings before anything else is published", DeleteExchangeAsync),
        new("broker-binding-removed", "an event without a queue is deferred, not marked, and arrives once the binding is back", UnbindAsync) { Charges = Charges.Must },
    ];

    private static async Task StopAppAsync(Injection fault)
    {
        fault.Note("stop_app");
        await fault.Broker.Server.RabbitmqctlAsync(fault.Cancellation, "stop_app");
        await fault.PauseAsync(1, 4);
        await fault.Broker.Server.RabbitmqctlAsync(fault.Cancellation, "start_app");
        await BackAsync(fault);
    }

    private static async Task KillAsync(Injection fault)
    {
        for (var time = 0; time < 2; time++)
        {
            // First it hangs: what it has been sent by then, it has not read.
            fault.Broker.Server.Send(Signal.Stop);
            await fault.PauseAsync(0.3, 1);
            fault.Note("kill -9 broker");
            await fault.Broker.Server.KillAsync();
            await fault.PauseAsync(0.1, 2);
            await fault.Broker.Server.StartAsync(fault.Cancellation);
            await BackAsync(fault);
        }
    }

    private static async Task RestartAsync(Injection fault)
    {
        fault.Note("stop broker");
        await fault.Broker.Server.StopAsync();
        await fault.PauseAsync(0.1, 2);
        await fault.Broker.Server.StartAsync(fault.Cancellation);
        await BackAsync(fault);
    }

    /// <summary>The broker takes connections: from here on the first publish is waited for.</summary>
    public static Task BackAsync(Injection fault)
    {
        fault.BrokerIsBack();
        return fault.PauseAsync(2.5, 3);
    }

    private static async Task FreezeAsync(Injection fault)
    {
        fault.Note("freeze broker");
        fault.Broker.Server.Send(Signal.Stop);
        fault.ToHeal(() => fault.Broker.Server.Send(Signal.Continue));
        await fault.PauseAsync(3, 7);
    }

    private static async Task CloseConnectionsAsync(Injection fault)
    {
        for (var time = 0; time < 5; time++)
        {
            fault.Note("close_all_connections");
            await fault.Broker.Server.RabbitmqctlAsync(fault.Cancellation, "close_all_connections", "closed by the operator");
            await fault.PauseAsync(0.5, 1);
        }
    }

    private static async Task AlarmAsync(Injection fault, string[] raise, string[] clear)
    {
        fault.Note(string.Join(' ', raise));
        fault.ToHeal(() => fault.Broker.Server.RabbitmqctlAsync(CancellationToken.None, clear));
        await fault.Broker.Server.RabbitmqctlAsync(fault.Cancellation, raise);
        await fault.PauseAsync(2, 6);
    }

    private static async Task RevokeAsync(Injection fault)
    {
        fault.Note("permissions revoked");
        fault.ToHeal(() => fault.Broker.GrantAsync(CancellationToken.None));
        await fault.Broker.RevokeAsync(fault.Cancellation);
        // The broker remembers for a while what a connection may do.
        await fault.Broker.Server.RabbitmqctlAsync(fault.Cancellation, "close_all_connections", "permissions revoked");
        await fault.PauseAsync(2, 4);
    }

    private static async Task RefuseAsync(Injection fault)
    {
        // Cut off, not frozen: what a consumer holds in hand does not count against the bound.
        foreach (var consumer in fault.Fleet.Consumers)
        {
            consumer.RabbitMq.Refuse();
        }

        fault.Note("reject-publish");
        fault.ToHeal(() => fault.Broker.DeletePolicyAsync("full", CancellationToken.None));
        await fault.Broker.SetPolicyAsync(
            "full", $"^{Queues.Notifications}$", new Dictionary<string, object> { ["max-length"] = 1, ["overflow"] = "reject-publish" }, fault.Cancellation);
        await ChargedAsync(fault);
        await fault.PauseAsync(2, 3);

        fault.Note("policy deleted");
        await fault.Broker.DeletePolicyAsync("full", fault.Cancellation);
        foreach (var consumer in fault.Fleet.Consumers)
        {
            consumer.RabbitMq.Accept();
        }

        await fault.UntilAsync(async () => !await IsAnyChargedAsync(fault, "sent_at IS NULL"), Taken, "what was refused is sent");
        // The relay has got out by itself. What gives back the messages of a retry queue was told to stop too, is not told to go on when a
        // policy is deleted, and stops until the broker starts again (https://github.com/rabbitmq/rabbitmq-server/issues/12206).
        await StopAppAsync(fault);
    }

    /// <summary>The broker has refused a message.</summary>
    private static Task ChargedAsync(Injection fault) => fault.UntilAsync(() => IsAnyChargedAsync(fault, "true"), Refused, "a message is refused");

    private static Task<bool> IsAnyChargedAsync(Injection fault, string condition) => fault.Database.ScalarAsync<bool>(
        $"SELECT EXISTS (SELECT FROM outbox_message WHERE id > @since AND attempts > 0 AND {condition})", fault.Cancellation, ("since", fault.Since.Outbox));

    // Whatever a queue holds is confirmed and would be lost by its deletion, which no outbox can mend: so the relays and the
    // queues come to rest first.
    private static async Task DeleteQueuesAsync(Injection fault)
    {
        foreach (var queue in new[] { Queues.Notifications, Queues.Fulfilment })
        {
            await WithoutRelaysAsync(fault, async () =>
            {
                await HandledAsync(fault);
                fault.Note($"{queue} deleted");
                await fault.Broker.DeleteQueueAsync(queue, fault.Cancellation);
            });
            await fault.PauseAsync(1.5, 2.5);
        }
    }

    private static async Task DeleteRetryQueuesAsync(Injection fault)
    {
        foreach (var consumer in fault.Fleet.Consumers)
        {
            fault.Freeze(consumer);
        }

        var queues = (await fault.Broker.QueuesAsync(fault.Cancellation)).Where(name => name.Contains(".retry.", StringComparison.Ordinal)).ToList();
        await fault.UntilAsync(async () => await fault.Broker.ReadyAsync(queues, fault.Cancellation) == 0, Emptied, "the retry queues are empty");
        // What has expired is not counted any more, and still on its way.
        await fault.PauseAsync(1, 1.1);
        foreach (var queue in queues)
        {
            fault.Note($"{queue} deleted");
            await fault.Broker.DeleteQueueAsync(queue, fault.Cancellation);
        }

        foreach (var consumer in fault.Fleet.Consumers)
        {
            consumer.Continue();
        }

        await MessageCases.FailAsync(fault);
    }

    // The tap's binding is the harness's own to mend, before anything is published: the service mends its own.
    private static Task DeleteExchangeAsync(Injection fault) => WithoutRelaysAsync(fault, async () =>
    {
        fault.Note("exchange deleted");
        await fault.Broker.DeleteExchangeAsync(Tap.Exchange, fault.Cancellation);
        await fault.Arena.Tap.BindAgainAsync(fault.Cancellation);
    });

    private static async Task UnbindAsync(Injection fault)
    {
        const string RoutingKey = "orders.order-rejected.v1";
        string[] queues = [Queues.Notifications, Queues.Tap];
        fault.Note($"{RoutingKey} unbound");
        fault.ToHeal(() => HoldingRelaysAsync(fault, queues, queue => fault.Broker.BindAsync(Tap.Exchange, queue, RoutingKey, CancellationToken.None)));
        await HoldingRelaysAsync(fault, queues, queue => fault.Broker.UnbindAsync(Tap.Exchange, queue, RoutingKey, fault.Cancellation));
        await ChargedAsync(fault);
        await fault.PauseAsync(2, 3);
    }

    /// <summary>Both queues change as one: a message between the two would be confirmed by the one that is bound.</summary>
    private static async Task HoldingRelaysAsync(Injection fault, string[] queues, Func<string, Task> change)
    {
        Hold(fault, true);
        await fault.PauseAsync(0.2, 0.3);
        foreach (var queue in queues)
        {
            await change(queue);
        }

        Hold(fault, false);
    }

    private static void Hold(Injection fault, bool holds)
    {
        foreach (var relay in fault.Fleet.Relays)
        {
            relay.RabbitMq.HoldsRequests = holds;
        }
    }

    private static async Task WithoutRelaysAsync(Injection fault, Func<Task> work)
    {
        foreach (var relay in fault.Fleet.Relays)
        {
            relay.RabbitMq.Refuse();
        }

        await work();
        foreach (var relay in fault.Fleet.Relays)
        {
            relay.RabbitMq.Accept();
        }

        await fault.PauseAsync(2, 3);
    }

    /// <summary>Nothing that was sent is left in the queues.</summary>
    private static async Task HandledAsync(Injection fault)
    {
        // The last confirms may be on their way to their rows.
        await fault.PauseAsync(0.5, 0.6);
        await fault.UntilAsync(
            () => new Drain(fault.Arena).HasHandledWhatWasSentAsync(fault.Since, fault.Cancellation), Emptied, "what was sent is handled");
    }
}
