using System.Diagnostics;
using Servers;

namespace Inbox.Tests.Consuming;

public sealed class ShutdownTests(ServersFixture servers) : ArenaTests(servers)
{
    [Fact]
    public async Task What_is_running_is_finished_and_acked_and_the_rest_stays_in_the_queue()
    {
        using var started = new SemaphoreSlim(0);
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(30, _ => "k");
        await using var consumer = await Arena.ConsumeAsync(setup => setup.Handling = async (db, message, context, cancellationToken) =>
        {
            NoteIt.Add(db, message, context);
            started.Release();
            await Task.Delay(300, cancellationToken);
        });
        await started.WaitAsync();

        await consumer.StopAsync();

        var notes = await Arena.NotesAsync();
        Assert.InRange(notes, 1, 29);
        await Arena.UntilQueuedAsync((uint)(30 - notes));
        Assert.Equal(notes, consumer.Counts["inbox.handled"]);
        Assert.Equal(0, consumer.Counts["inbox.failed_acks"]);
    }

    [Fact]
    public async Task A_copy_that_is_on_its_way_to_a_retry_queue_arrives_once()
    {
        var broker = new UriBuilder(Arena.Servers.RabbitMq);
        await using var network = TcpProxy.Start(broker.Host, broker.Port);
        (broker.Host, broker.Port) = ("127.0.0.1", network.Port);
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.RabbitMq = broker.Uri.AbsoluteUri;
            setup.Handling = (_, _, _, _) => throw new InvalidOperationException("not now");
        });
        network.Delay = TimeSpan.FromMilliseconds(300);
        await Arena.PublishAsync(new Noted("later"));
        await UntilDeferredAsync();

        // The confirm is still on its way.
        await consumer.StopAsync();

        await Arena.UntilQueuedAsync(0);
        Assert.Equal(1u, await Arena.MessagesAsync(RetryInAnHourQueue));
        Assert.Equal(1, consumer.Counts["inbox.retried"]);
    }

    [Fact]
    public async Task A_handler_that_does_not_end_keeps_nobody_waiting_beyond_the_bound()
    {
        using var never = new ManualResetEventSlim();
        var isRunning = false;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Timings = new Timings { Drain = TimeSpan.FromSeconds(1), Grace = TimeSpan.FromMilliseconds(200) };
            setup.Handling = (_, _, _, _) =>
            {
                isRunning = true;
                never.Wait(CancellationToken.None);
                return Task.CompletedTask;
            };
        });
        await Arena.PublishAsync(new Noted("endless"));
        await Eventually.IsTrueAsync(() => isRunning, TimeSpan.FromSeconds(10), "the handler runs");

        var watch = Stopwatch.StartNew();
        await consumer.StopAsync();

        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
        await Arena.UntilQueuedAsync(1);
        Assert.Equal(0, await Arena.Servers.ScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"));
        never.Set();
    }

    [Fact]
    public async Task A_broker_that_has_fallen_silent_keeps_nobody_waiting_for_the_end_of_its_channel()
    {
        var broker = new UriBuilder(Arena.Servers.RabbitMq);
        await using var network = TcpProxy.Start(broker.Host, broker.Port);
        (broker.Host, broker.Port) = ("127.0.0.1", network.Port);
        await using var consumer = await Arena.ConsumeAsync(setup => setup.RabbitMq = broker.Uri.AbsoluteUri);
        network.HoldsReplies = true;

        var watch = Stopwatch.StartNew();
        await consumer.StopAsync();

        // The client waits for an answer for 10 s.
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 9.5);
    }

    [Fact]
    public async Task A_process_that_is_asked_to_end_does_so_with_exit_code_0()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(200, i => $"k{i}");
        await using var consumer = ConsumerProcess.Start(Arena);
        await Arena.UntilNotesAsync(200, 30);

        consumer.Send(Signal.Terminate);

        await consumer.ExitsAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, consumer.ExitCode);
        await Arena.UntilQueuedAsync(0);
    }
}
