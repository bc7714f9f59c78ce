using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox.Tests.Transactions;

public sealed class BatchHandlerTests(ServersFixture servers) : ArenaTests(servers)
{
    private readonly ConcurrentQueue<int> _calls = new();

    [Fact]
    public async Task A_batch_handler_takes_what_waits_together_and_each_message_has_one_effect_in_order()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(2_000, i => $"k{i % 10}");

        await using var consumer = await Arena.ConsumeAsync(setup => Several(setup));

        await Arena.UntilNotesAsync(2_000);
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(2_000, _calls.Sum());
        Assert.Contains(_calls, messages => messages > 50);
        Assert.Equal(2_000, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
        Assert.Equal(0, await Arena.Servers.ScalarAsync<long>(
            "SELECT count(*) FROM (SELECT number < lag(number) OVER (PARTITION BY key ORDER BY id) AS late FROM note) AS n WHERE late"));
    }

    [Fact]
    public async Task Copies_in_one_batch_reach_the_batch_handler_once()
    {
        await Arena.DeclareAsync();
        var id = Guid.CreateVersion7();
        for (var i = 0; i < 50; i++)
        {
            await Arena.PublishAsync(new Noted("copy"), id: id);
        }

        await using var consumer = await Arena.ConsumeAsync(setup => Several(setup));

        await Arena.UntilNotesAsync(1);
        await consumer.UntilCountAsync("inbox.duplicates_suppressed", 49);
        Assert.Equal(1, await Arena.NotesAsync());
        Assert.Equal(1, _calls.Sum());
    }

    [Fact]
    public async Task A_message_that_fails_its_batch_costs_only_itself()
    {
        await Arena.DeclareAsync(RetryInAnHour);
        await Arena.PublishManyAsync(100, i => $"k{i}");

        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            Several(setup, message => message.Number == 70);
        });

        await Arena.UntilNotesAsync(99);
        await UntilDeferredAsync();
        Assert.Equal(99, await Arena.NotesAsync("attempt = 1"));
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(1, consumer.Counts["inbox.retried"]);
    }

    [Fact]
    public async Task A_message_of_another_kind_cuts_a_batch_and_keeps_its_place()
    {
        await Arena.DeclareAsync();
        await Arena.PublishManyAsync(50, _ => "k");
        var erase = InboxArena.Properties(Guid.CreateVersion7(), "k");
        erase.Type = Erased.MessageType;
        await Arena.PublishRawAsync(erase, Messaging.MessageSerializer.Default.Encode(new Erased("n")));
        await Arena.PublishAsync(new Noted("last"), "k");

        await using var consumer = await Arena.ConsumeAsync(setup => Several(setup));

        await Eventually.EqualsAsync(1, () => Arena.NotesAsync("text = 'last'"), TimeSpan.FromSeconds(20), "the last note");
        Assert.Equal(0, await Arena.NotesAsync("text = 'n'"));
        Assert.Contains(_calls, messages => messages > 10);
    }

    [Fact]
    public async Task A_batch_handler_goes_on_with_the_first_trace_and_links_the_others()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Messaging.Telemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await Arena.DeclareAsync();
        var traces = Enumerable.Range(0, 20).Select(_ => ActivityTraceId.CreateRandom()).ToList();
        foreach (var trace in traces)
        {
            await Arena.PublishAsync(
                new Noted("traced"), "k", headers: new Dictionary<string, object?> { ["traceparent"] = $"00-{trace}-{ActivitySpanId.CreateRandom()}-01" });
            await Arena.PublishAsync(new Noted("without a trace"), "k");
        }

        await using var consumer = await Arena.ConsumeAsync(setup => Several(setup));

        await Arena.UntilNotesAsync(40);
        await Arena.UntilSettledAsync(consumer);
        var mine = spans.Where(span => span.OperationName == $"handle {Arena.Queue}").ToList();
        var links = mine.SelectMany(span => span.Links).Select(link => link.Context.TraceId).ToList();
        Assert.Equal(
            traces.Select(trace => trace.ToString()).Order(),
            mine.Select(span => span.TraceId).Where(traces.Contains).Concat(links).Select(trace => trace.ToString()).Order());
    }

    private void Several(ConsumerSetup setup, Func<Noted, bool>? isBad = null)
    {
        setup.Settings["Inbox:Lanes"] = "1";
        setup.Services = services => services.AddSingleton(_calls).AddSingleton(isBad ?? (_ => false));
        setup.Describe = inbox => inbox.Queue(Arena.Queue, queue => queue.HandleBatch<Noted, NoteThem>().Handle<Erased, EraseIt>());
    }

    private sealed class NoteThem(NotesContext db, ConcurrentQueue<int> calls, Func<Noted, bool> isBad) : IMessageBatchHandler<Noted>
    {
        public Task HandleAsync(IReadOnlyList<ReceivedMessage<Noted>> messages, CancellationToken cancellationToken)
        {
            calls.Enqueue(messages.Count);
            foreach (var (message, context) in messages)
            {
                NoteIt.Add(db, message, context);
            }

            return messages.Any(received => isBad(received.Message)) ? throw new InvalidOperationException("bad") : Task.CompletedTask;
        }
    }
}
