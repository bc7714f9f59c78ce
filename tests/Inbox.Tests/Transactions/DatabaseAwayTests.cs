using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Inbox.Tests.Transactions;

public sealed class DatabaseAwayTests(ServersFixture servers) : ArenaTests(servers)
{
    [Theory]
    [InlineData(3)]
    public Task A_database_that_is_away_burns_no_attempt_and_no_delivery(int seconds) => GoAwayAsync(TimeSpan.FromSeconds(seconds));

    [Fact]
    [Trait("Speed", "slow")]
    public Task A_database_that_is_away_for_two_minutes_burns_no_attempt_and_no_delivery() => GoAwayAsync(TimeSpan.FromMinutes(2));

    [Fact]
    public async Task An_exhausted_pool_burns_no_attempt_and_no_delivery()
    {
        var narrow = new NpgsqlConnectionStringBuilder(Arena.Servers.Postgres) { MaxPoolSize = 2, Timeout = 1 }.ConnectionString;
        var redelivered = 0;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Postgres = narrow;
            setup.Handling = CountRedeliveries(() => redelivered++);
        });

        await using (var first = new NpgsqlConnection(narrow))
        await using (var second = new NpgsqlConnection(narrow))
        {
            await Eventually.IsTrueAsync(
                async () =>
                {
                    await first.OpenAsync();
                    await second.OpenAsync();
                    return true;
                },
                TimeSpan.FromSeconds(10),
                "the test has all connections of the pool");
            await Arena.PublishManyAsync(200, i => $"k{i % 7}");
            await consumer.UntilLoggedAsync("consuming pauses");
            Assert.Contains("paused", await WhyNotReadyAsync(consumer), StringComparison.Ordinal);
        }

        await Arena.UntilNotesAsync(200);
        await AssertNothingBurntAsync(redelivered);
    }

    [Fact]
    public async Task A_commit_whose_outcome_is_unknown_is_run_again_and_has_one_effect()
    {
        await using var network = Proxy();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Postgres = Through(network);
        });

        // With its terminator: READ COMMITTED is not meant.
        network.CutReplyTo("COMMIT\0");
        await Arena.PublishAsync(new Noted("unknown"));

        await consumer.UntilCountAsync("inbox.duplicates_suppressed", 1);
        Assert.Equal(1, network.Cuts);
        Assert.Equal(1, await Arena.NotesAsync());
        Assert.Equal(0u, await Arena.MessagesAsync(RetryInAnHourQueue));
    }

    [Fact]
    public async Task A_message_that_ends_its_own_session_each_time_is_charged_in_the_end()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                if (message.Text == "poison")
                {
                    await db.Database.ExecuteSqlRawAsync("SELECT pg_terminate_backend(pg_backend_pid())", cancellationToken);
                }
            };
        });

        await Arena.PublishAsync(new Noted("poison"), key: "k");
        await Arena.PublishAsync(new Noted("next"), key: "k");

        await UntilDeferredAsync();
        await Arena.UntilNotesAsync(1);
    }

    /// <summary>At COMMIT, by a deferred constraint: it ends the session, or says that the disk is full or that the system has failed.</summary>
    [Theory]
    [InlineData("PERFORM pg_terminate_backend(pg_backend_pid());")]
    [InlineData("RAISE EXCEPTION 'full' USING ERRCODE = '53100';")]
    [InlineData("RAISE EXCEPTION 'broken' USING ERRCODE = '58030';")]
    public async Task So_is_one_that_fails_its_own_commit_each_time_as_a_database_that_is_away_would(string failure)
    {
        await Arena.Servers.ExecuteAsync(
            $$"""
            CREATE FUNCTION fail_commit() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                {{failure}}
                RETURN NULL;
            END
            $body$;
            CREATE CONSTRAINT TRIGGER fail_commit AFTER INSERT ON note
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.text = 'poison') EXECUTE FUNCTION fail_commit();
            """);
        await using var consumer = await Arena.ConsumeAsync(RetryInAnHour);

        await Arena.PublishAsync(new Noted("poison"), key: "k");
        await Arena.PublishAsync(new Noted("next"), key: "k");

        await UntilDeferredAsync();
        await Arena.UntilNotesAsync(1);
        Assert.Equal(1, await Arena.NotesAsync("text = 'next'"));
    }

    [Fact]
    public async Task So_is_one_over_which_something_else_than_the_database_fails_the_commit_each_time()
    {
        var refusal = new CommitRefusal();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.AddContext = services => services.AddDbContext<NotesContext>(options => options.UseNpgsql(setup.Postgres).AddInterceptors(refusal));
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                refusal.IsDue |= message.Text == "refused";
                return Task.CompletedTask;
            };
        });

        await Arena.PublishAsync(new Noted("refused"), key: "k");
        await Arena.PublishAsync(new Noted("next"), key: "k");

        await UntilDeferredAsync();
        await Arena.UntilNotesAsync(1);
        Assert.Equal(1, await Arena.NotesAsync("text = 'next'"));
    }

    /// <summary>A full disk, no more connections, an error of the system, a server that became read-only.</summary>
    [Theory]
    [InlineData("53100")]
    [InlineData("53300")]
    [InlineData("58030")]
    [InlineData("25006")]
    public async Task A_database_that_cannot_work_for_a_while_burns_no_attempt_and_no_delivery(string sqlState)
    {
        // A sequence counts in transactions that are rolled back too.
        await Arena.Servers.ExecuteAsync(
            $$"""
            CREATE SEQUENCE tries;
            CREATE FUNCTION fail_twice() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                IF nextval('tries') <= 2 THEN
                    RAISE EXCEPTION 'not now' USING ERRCODE = '{{sqlState}}';
                END IF;
                RETURN NEW;
            END
            $body$;
            CREATE TRIGGER fail_twice BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION fail_twice();
            """);
        var redelivered = 0;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.Handling = CountRedeliveries(() => redelivered++);
        });

        await Arena.PublishAsync(new Noted("n"));

        await consumer.UntilCountAsync("inbox.handled", 1);
        Assert.Equal(1, await Arena.NotesAsync());
        await AssertNothingBurntAsync(redelivered);
    }

    [Fact]
    public async Task One_that_answers_and_cannot_work_is_tried_ever_more_seldom()
    {
        await Arena.Servers.ExecuteAsync(
            """
            CREATE SEQUENCE tries;
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                PERFORM nextval('tries');
                RAISE EXCEPTION 'full' USING ERRCODE = '53100';
            END
            $body$;
            CREATE TRIGGER fail BEFORE INSERT ON inbox_message FOR EACH ROW EXECUTE FUNCTION fail();
            """);
        await using var consumer = await Arena.ConsumeAsync();
        var started = Stopwatch.StartNew();

        await Arena.PublishAsync(new Noted("n"));

        await Eventually.IsTrueAsync(
            async () => await Arena.Servers.ScalarAsync<long>("SELECT last_value FROM tries") >= 8, TimeSpan.FromSeconds(30), "tries");
        Assert.InRange(started.Elapsed, TimeSpan.FromSeconds(7), TimeSpan.MaxValue);
        await Arena.Servers.ExecuteAsync("DROP TRIGGER fail ON inbox_message");
        await Arena.UntilNotesAsync(1);
        Assert.Equal(1, await Arena.NotesAsync("attempt = 1"));
    }

    private async Task GoAwayAsync(TimeSpan time)
    {
        var redelivered = 0;
        await using var network = Proxy();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Postgres = Through(network);
            setup.Handling = CountRedeliveries(() => redelivered++);
        });
        var publishing = Arena.PublishManyAsync(3_000, i => $"k{i % 50}");
        await Eventually.IsTrueAsync(async () => await Arena.NotesAsync() > 100, TimeSpan.FromSeconds(20), "load");

        network.Refuse();
        await publishing;
        await consumer.UntilLoggedAsync("consuming pauses");
        await Task.Delay(time);
        network.Accept();

        var before = await Arena.NotesAsync();
        await Eventually.IsTrueAsync(async () => await Arena.NotesAsync() > before, TimeSpan.FromSeconds(20), "it goes on");
        await Arena.UntilNotesAsync(3_000, 60);
        await AssertNothingBurntAsync(redelivered);
    }

    private async Task AssertNothingBurntAsync(int redelivered)
    {
        Assert.Equal(0, await Arena.NotesAsync("attempt <> 1"));
        Assert.Equal(0, redelivered);
        Assert.Equal(0u, await Arena.MessagesAsync(RetryInAnHourQueue));
        Assert.Equal(0u, await Arena.MessagesAsync(Arena.DeadQueue));
        Assert.Equal(await Arena.NotesAsync(), await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
    }

    private static Handling CountRedeliveries(Action count) => (db, message, context, cancellationToken) =>
    {
        if (context.Headers.ContainsKey("x-delivery-count"))
        {
            count();
        }

        return NoteIt.Default(db, message, context, cancellationToken);
    };

    private static async Task<string> WhyNotReadyAsync(RunningConsumer consumer) =>
        (await consumer.HealthAsync()).Entries["consumers"].Description ?? "";

    private TcpProxy Proxy()
    {
        var address = new NpgsqlConnectionStringBuilder(Arena.Servers.Postgres);
        return TcpProxy.Start(address.Host!, address.Port);
    }

    private string Through(TcpProxy network) =>
        new NpgsqlConnectionStringBuilder(Arena.Servers.Postgres) { Host = "127.0.0.1", Port = network.Port }.ConnectionString;

    /// <summary>Fails a commit before it is sent, as a user's interceptor might.</summary>
    private sealed class CommitRefusal : DbTransactionInterceptor
    {
        public bool IsDue { get; set; }

        public override ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            var isDue = IsDue;
            IsDue = false;
            return isDue ? throw new InvalidOperationException("refused") : new(result);
        }
    }
}
