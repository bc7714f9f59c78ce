using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using RabbitMQ.Client;

namespace Inbox.Tests.Starting;

public sealed class StartTests(ServersFixture servers) : ArenaTests(servers)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_queue_with_other_arguments_ends_the_process_with_exit_code_1_and_names_both()
    {
        await (await Arena.ChannelAsync()).QueueDeclareAsync(
            Arena.Queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = 7 });

        await using var consumer = ConsumerProcess.Start(Arena);

        await consumer.ExitsAsync(Deadline);
        Assert.Equal(1, consumer.ExitCode);
        Assert.Contains(Arena.Queue, consumer.Log, StringComparison.Ordinal);
        Assert.Contains("inequivalent arg 'x-", consumer.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_synchronous_commit_the_process_ends_with_exit_code_1_and_says_why()
    {
        await using var consumer = ConsumerProcess.Start(Arena, ("ConnectionStrings__Postgres", Careless()));

        await consumer.ExitsAsync(Deadline);
        Assert.Equal(1, consumer.ExitCode);
        Assert.Contains("synchronous_commit=off", consumer.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_database_is_set_so_later_the_process_ends_too_and_no_message_is_charged()
    {
        // A session keeps what it has begun with, and these end while nothing is done in them.
        var shortLived = new NpgsqlConnectionStringBuilder(Arena.Servers.Postgres)
        {
            ApplicationName = "short-lived",
            ConnectionIdleLifetime = 1,
            ConnectionPruningInterval = 1,
        };
        await using var consumer = ConsumerProcess.Start(
            Arena, ("ConnectionStrings__Postgres", shortLived.ConnectionString), ("Inbox__Retry__Immediate", "0"), ("Inbox__Retry__First", "1h"));
        await Eventually.IsTrueAsync(
            async () => await (await Arena.ChannelAsync()).ConsumerCountAsync(Arena.Queue) > 0, Deadline, "the process consumes");
        await Arena.Servers.ExecuteAsync($"ALTER DATABASE {Arena.Servers.Name} SET synchronous_commit = off");
        await Eventually.EqualsAsync(
            0L,
            () => Arena.Servers.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'short-lived'"),
            Deadline,
            "sessions that are from before");

        await Arena.PublishAsync(new Noted("careless"));

        await consumer.ExitsAsync(Deadline);
        Assert.Equal(1, consumer.ExitCode);
        Assert.Contains("synchronous_commit=off", consumer.Log, StringComparison.Ordinal);
        Assert.Equal(0u, await Arena.MessagesAsync(RetryInAnHourQueue));
        await Arena.UntilQueuedAsync(1);
    }

    [Fact]
    public async Task Without_synchronous_commit_it_runs_in_development()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Environment = "Development";
            setup.Postgres = Careless();
        });

        await Arena.PublishAsync(new Noted("careless"));

        await Arena.UntilNotesAsync(1);
    }

    [Theory]
    [InlineData("DROP TRIGGER inbox_message_guard ON inbox_message")]
    [InlineData("ALTER TABLE inbox_message DISABLE TRIGGER inbox_message_guard")]
    [InlineData("ALTER TABLE inbox_message ENABLE REPLICA TRIGGER inbox_message_guard")]
    public async Task Without_the_guard_of_the_inbox_table_the_process_ends_with_exit_code_1_and_says_why(string loss)
    {
        await Arena.Servers.ExecuteAsync(loss);

        await using var consumer = ConsumerProcess.Start(Arena);

        await consumer.ExitsAsync(Deadline);
        Assert.Equal(1, consumer.ExitCode);
        Assert.Contains("inbox_message_guard", consumer.Log, StringComparison.Ordinal);
        Assert.Contains("CreateInboxGuard()", consumer.Log, StringComparison.Ordinal);
    }

    /// <summary>It would hold up consumers that have their table: one at a time is given the messages of an ordered queue.</summary>
    [Fact]
    public async Task Without_the_inbox_table_it_takes_no_message_and_begins_when_the_table_is_there()
    {
        await Arena.DeclareAsync();
        await Arena.Servers.ExecuteAsync("ALTER TABLE inbox_message RENAME TO later");
        await Arena.PublishAsync(new Noted("early"));
        await using var consumer = await RunningConsumer.StartAsync(Arena.Setup());

        await consumer.UntilLoggedAsync("cannot be consumed yet: the table inbox_message does not exist yet");
        await Eventually.EqualsAsync(
            0u, async () => await (await Arena.ChannelAsync()).ConsumerCountAsync(Arena.Queue), Deadline, "consumers of the queue");
        Assert.Equal(HealthStatus.Unhealthy, (await consumer.HealthAsync()).Status);
        await Arena.Servers.ExecuteAsync("ALTER TABLE later RENAME TO inbox_message");

        await Arena.UntilNotesAsync(1);
        await consumer.UntilReadyAsync();
    }

    [Fact]
    public async Task Nor_does_it_run_where_the_database_keeps_the_guard_from_firing()
    {
        await Arena.Servers.ExecuteAsync($"ALTER DATABASE {Arena.Servers.Name} SET session_replication_role = replica");

        await using var consumer = ConsumerProcess.Start(Arena);

        await consumer.ExitsAsync(Deadline);
        Assert.Equal(1, consumer.ExitCode);
        Assert.Contains("session_replication_role", consumer.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_a_crash_empties_the_inbox_table_the_process_ends_with_exit_code_1_and_says_why()
    {
        await Arena.Servers.ExecuteAsync("ALTER TABLE inbox_message SET UNLOGGED");

        await using var consumer = ConsumerProcess.Start(Arena);

        await consumer.ExitsAsync(Deadline);
        Assert.Equal(1, consumer.ExitCode);
        Assert.Contains("inbox_message is UNLOGGED", consumer.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guard_that_always_fires_will_do()
    {
        await Arena.Servers.ExecuteAsync("ALTER TABLE inbox_message ENABLE ALWAYS TRIGGER inbox_message_guard");
        await using var consumer = await Arena.ConsumeAsync();

        await Arena.PublishAsync(new Noted("guarded"));

        await Arena.UntilNotesAsync(1);
    }

    /// <summary>What a handler changes in a context of its own is never saved, and one that all share is for none.</summary>
    [Theory]
    [InlineData(ServiceLifetime.Transient)]
    [InlineData(ServiceLifetime.Singleton)]
    public async Task A_context_that_is_not_the_same_in_a_scope_and_another_in_the_next_is_refused(ServiceLifetime lifetime)
    {
        var setup = Arena.Setup();
        setup.AddContext = services => services.AddDbContext<NotesContext>(options => options.UseNpgsql(setup.Postgres), lifetime);

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => RunningConsumer.StartAsync(setup));

        Assert.Contains("NotesContext is not registered as scoped", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_out_of_bounds_ends_the_process_with_a_message()
    {
        await using var consumer = ConsumerProcess.Start(Arena, ("Inbox__Lanes", "0"));

        await consumer.ExitsAsync(Deadline);
        Assert.NotEqual(0, consumer.ExitCode);
        Assert.Contains("Inbox__Lanes is \"0\"", consumer.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_that_do_not_answer_keep_it_unready_and_nothing_else()
    {
        var postgres = new NpgsqlConnectionStringBuilder(Arena.Servers.Postgres);
        var rabbitMq = new Uri(Arena.Servers.RabbitMq);
        await using var database = TcpProxy.Start(postgres.Host!, postgres.Port, refusing: true);
        await using var broker = TcpProxy.Start(rabbitMq.Host, rabbitMq.Port, refusing: true);
        var setup = Arena.Setup();
        setup.Postgres = new NpgsqlConnectionStringBuilder(Arena.Servers.Postgres) { Host = "127.0.0.1", Port = database.Port }.ConnectionString;
        setup.RabbitMq = new UriBuilder(rabbitMq) { Host = "127.0.0.1", Port = broker.Port }.Uri.AbsoluteUri;

        await using var consumer = await RunningConsumer.StartAsync(setup);
        await consumer.UntilLoggedAsync("cannot be consumed yet");
        Assert.Equal(HealthStatus.Unhealthy, (await consumer.HealthAsync()).Status);
        database.Accept();
        await consumer.UntilLoggedAsync("No connection to the broker: Connection refused");
        Assert.Equal(HealthStatus.Unhealthy, (await consumer.HealthAsync()).Status);
        broker.Accept();

        await consumer.UntilReadyAsync();
        await Arena.PublishAsync(new Noted("now"));
        await Arena.UntilNotesAsync(1);
    }

    [Fact]
    public async Task The_bindings_bring_published_messages_to_each_handler()
    {
        await using var consumer = await Arena.ConsumeAsync(setup => setup.Queue = queue => queue.Handle<Erased, EraseIt>());
        var channel = await Arena.ChannelAsync();

        await channel.BasicPublishAsync(
            InboxArena.Exchange, Noted.MessageType, mandatory: true, InboxArena.Properties(Guid.CreateVersion7(), "k"), Encode(new Noted("text")));
        await Arena.UntilNotesAsync(1);
        var erase = InboxArena.Properties(Guid.CreateVersion7(), "k");
        erase.Type = Erased.MessageType;
        await channel.BasicPublishAsync(InboxArena.Exchange, Erased.MessageType, mandatory: true, erase, Encode(new Erased("text")));

        await Arena.UntilNotesAsync(0);
    }

    private static byte[] Encode<TMessage>(TMessage message) => Messaging.MessageSerializer.Default.Encode(message);

    private string Careless() => new NpgsqlConnectionStringBuilder(Arena.Servers.Postgres) { Options = "-c synchronous_commit=off" }.ConnectionString;
}
