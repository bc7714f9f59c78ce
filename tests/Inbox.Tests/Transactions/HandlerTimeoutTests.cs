using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Inbox.Tests.Transactions;

public sealed class HandlerTimeoutTests(ServersFixture servers) : ArenaTests(servers)
{
    [Theory]
    [InlineData("waits")]
    [InlineData("asks the database")]
    [InlineData("leaves a command running")]
    public async Task A_handler_that_is_too_slow_is_rolled_back_and_retried(string kind)
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Shorten(setup);
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                if (message.Text == "slow")
                {
                    await db.SaveChangesAsync(cancellationToken);
                    var running = kind switch
                    {
                        "waits" => Task.Delay(TimeSpan.FromMinutes(1), cancellationToken),
                        "asks the database" => db.Database.ExecuteSqlRawAsync("SELECT pg_sleep(60)", cancellationToken),
                        _ => db.Database.ExecuteSqlRawAsync("SELECT pg_sleep(60)", CancellationToken.None),
                    };
                    await running.WaitAsync(cancellationToken);
                }
            };
        });

        await Arena.PublishAsync(new Noted("slow"), key: "k");
        await Arena.PublishAsync(new Noted("next"), key: "k");

        await UntilDeferredAsync();
        await Arena.UntilNotesAsync(1);
        Assert.Equal(1, await Arena.NotesAsync("text = 'next'"));
    }

    [Fact]
    public async Task A_command_may_take_as_long_as_its_handler()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Settings["Inbox:HandlerTimeout"] = "1min";
            setup.Postgres += ";Command Timeout=1";
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                await db.Database.ExecuteSqlRawAsync("SELECT pg_sleep(3)", cancellationToken);
                NoteIt.Add(db, message, context);
            };
        });

        await Arena.PublishAsync(new Noted("long"));

        await Arena.UntilNotesAsync(1);
        Assert.Equal(1, await Arena.NotesAsync("attempt = 1"));
        Assert.DoesNotContain(consumer.Log.All, line => line.Contains("pauses", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nor_does_it_end_in_the_last_fraction_of_a_second_that_its_handler_has()
    {
        int? timeout = null;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Settings["Inbox:HandlerTimeout"] = "30400ms";
            setup.Handling = (db, message, context, cancellationToken) =>
            {
                timeout = db.Database.GetCommandTimeout();
                return NoteIt.Default(db, message, context, cancellationToken);
            };
        });

        await Arena.PublishAsync(new Noted("long"));

        await Arena.UntilNotesAsync(1);
        Assert.Equal(31, timeout);
    }

    [Fact]
    public async Task Its_context_is_not_given_back_to_the_pool()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Shorten(setup);
            setup.AddContext = services => services.AddDbContextPool<NotesContext>(options => options.UseNpgsql(setup.Postgres), poolSize: 1);
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                await Task.Delay(message.Text == "slow" ? TimeSpan.FromMinutes(1) : TimeSpan.Zero, cancellationToken);
            };
        });
        await Arena.PublishAsync(new Noted("slow"));
        await UntilDeferredAsync();

        await Arena.PublishManyAsync(20, i => $"k{i}");

        await Arena.UntilNotesAsync(20);
    }

    [Fact]
    public async Task Nor_is_that_of_a_handler_that_has_rolled_back_and_runs_on()
    {
        using var mayGoOn = new ManualResetEventSlim();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Shorten(setup);
            setup.Timings = new Timings { Grace = TimeSpan.FromMilliseconds(200) };
            setup.AddContext = services => services.AddDbContextPool<NotesContext>(options => options.UseNpgsql(setup.Postgres), poolSize: 1);
            setup.Handling = async (db, message, context, _) =>
            {
                if (message.Text == "deaf")
                {
                    await db.Database.CurrentTransaction!.RollbackAsync(CancellationToken.None);
                    mayGoOn.Wait(CancellationToken.None);
                }

                NoteIt.Add(db, message, context);
            };
        });
        try
        {
            await Arena.PublishAsync(new Noted("deaf"));
            await Arena.DeadLetterAsync();

            await Arena.PublishManyAsync(20, i => $"k{i}");

            await Arena.UntilNotesAsync(20);
        }
        finally
        {
            mayGoOn.Set();
        }
    }

    [Fact]
    public Task What_it_has_borrowed_is_given_back_when_it_has_ended() => SideBySide.RunAsync(
        new(GivesBackAsync(obeys: true, pooled: false)),
        new(GivesBackAsync(obeys: true, pooled: true)),
        new(GivesBackAsync(obeys: false, pooled: false)),
        new(GivesBackAsync(obeys: false, pooled: true)));

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_handler_that_ignores_its_cancellation_holds_nobody_up_and_can_write_nothing_any_more(bool pooled, bool blocks)
    {
        using var mayGoOn = new ManualResetEventSlim();
        var late = new TaskCompletionSource<Exception?>();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Shorten(setup);
            setup.Timings = new Timings { Grace = TimeSpan.FromMilliseconds(200) };
            if (pooled)
            {
                setup.AddContext = services => services.AddDbContextPool<NotesContext>(options => options.UseNpgsql(setup.Postgres));
            }

            var calls = 0;
            setup.Handling = async (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                if (message.Text != "deaf" || Interlocked.Increment(ref calls) > 1)
                {
                    return;
                }

                await db.SaveChangesAsync(CancellationToken.None);
                if (!blocks)
                {
                    await Task.Yield();
                }

                mayGoOn.Wait(CancellationToken.None);
                try
                {
                    NoteIt.Add(db, message with { Text = "late" }, context);
                    await db.SaveChangesAsync(CancellationToken.None);
                    late.SetResult(null);
                }
                catch (Exception exception)
                {
                    late.SetResult(exception);
                }
            };
        });
        await Arena.PublishAsync(new Noted("deaf"), key: "k");
        await Arena.PublishAsync(new Noted("next"), key: "k");

        await Arena.UntilNotesAsync(2);
        mayGoOn.Set();

        Assert.NotNull(await late.Task.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(1, await Arena.NotesAsync("text = 'deaf' AND attempt = 2"));
        Assert.Equal(1, await Arena.NotesAsync("text = 'next'"));
        Assert.Equal(0, await Arena.NotesAsync("text = 'late'"));
        await Arena.PublishManyAsync(20, i => $"k{i}");
        await Arena.UntilNotesAsync(22);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_handler_has_registered_on_its_token_may_throw_or_block(bool blocks)
    {
        using var mayGoOn = new ManualResetEventSlim();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Shorten(setup);
            setup.Timings = new Timings { Grace = TimeSpan.FromMilliseconds(200) };
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                if (message.Text == "slow")
                {
                    await db.SaveChangesAsync(cancellationToken);
                    var waiting = Task.Delay(TimeSpan.FromMinutes(1), cancellationToken);
                    // Called before the one that ends the wait.
                    cancellationToken.Register(() =>
                    {
                        if (!blocks)
                        {
                            throw new InvalidOperationException("a callback");
                        }

                        mayGoOn.Wait(CancellationToken.None);
                    });
                    await waiting;
                }
            };
        });

        await Arena.PublishAsync(new Noted("slow"), key: "k");
        await Arena.PublishAsync(new Noted("next"), key: "k");

        try
        {
            await UntilDeferredAsync();
            await Arena.UntilNotesAsync(1);
            Assert.Equal(1, await Arena.NotesAsync("text = 'next'"));
        }
        finally
        {
            mayGoOn.Set();
        }
    }

    [Fact]
    public async Task Health_tells_of_handlers_that_run_on_until_they_have_ended()
    {
        using var mayGoOn = new ManualResetEventSlim();
        var calls = 0;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Shorten(setup);
            setup.Settings["Inbox:HandlerTimeout"] = "100ms";
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.Timings = new Timings { Grace = TimeSpan.FromMilliseconds(200) };
            setup.Handling = (_, _, _, _) =>
            {
                Interlocked.Increment(ref calls);
                mayGoOn.Wait(CancellationToken.None);
                return Task.CompletedTask;
            };
        });
        try
        {
            await Arena.PublishManyAsync(3, i => $"k{i}");
            await UntilDeferredAsync(3);

            var health = (await consumer.HealthAsync()).Entries["consumers"];
            Assert.Equal(HealthStatus.Degraded, health.Status);
            // One that was taken together with another is called once more, alone.
            Assert.Contains($"{calls} calls", health.Description, StringComparison.Ordinal);
        }
        finally
        {
            mayGoOn.Set();
        }

        await consumer.UntilReadyAsync();
    }

    /// <summary>While its body is decoded it has nothing in hand that could be taken from it.</summary>
    [Fact]
    public async Task A_message_whose_decoding_does_not_end_is_charged_and_holds_nobody_up()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            Shorten(setup);
            setup.Timings = new Timings { Grace = TimeSpan.FromMilliseconds(200) };
            setup.Describe = inbox => inbox.Queue(Arena.Queue, queue => queue.Handle<Stubborn, NoteStubborn>());
        });
        try
        {
            await PublishAsync("next", key: "k");
            await PublishAsync("stuck", key: "k");
            await PublishAsync("next", key: "k");

            await UntilDeferredAsync();
            await Arena.UntilNotesAsync(2);
        }
        finally
        {
            Stubborn.MayGoOn.Set();
        }

        Task PublishAsync(string text, string key)
        {
            var properties = InboxArena.Properties(Guid.CreateVersion7(), key);
            properties.Type = Stubborn.MessageType;
            return Arena.PublishRawAsync(properties, MessageSerializer.Default.Encode(new { text }));
        }
    }

    private async Task GivesBackAsync(bool obeys, bool pooled)
    {
        await using var arena = await InboxArena.CreateAsync(Fixture);
        using var mayGoOn = new ManualResetEventSlim();
        // Those that run on keep theirs, and must leave some.
        var slow = obeys ? 4 : 2;
        var loans = new Loans(new NpgsqlConnectionStringBuilder(arena.Servers.Postgres) { MaxPoolSize = 3, Timeout = 2 }.ConnectionString);
        await using var consumer = await arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            // Enough for those that are not slow, whatever else the machine does.
            setup.Settings["Inbox:HandlerTimeout"] = "2s";
            setup.Settings["Inbox:Lanes"] = "1";
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.Timings = new Timings { Grace = TimeSpan.FromMilliseconds(200) };
            setup.Services = services => services.AddSingleton(loans).AddScoped<Loan>();
            setup.Describe = inbox => inbox.Queue(arena.Queue, queue => queue.Handle<Noted, Borrower>());
            if (pooled)
            {
                setup.AddContext = services => services.AddDbContextPool<NotesContext>(options => options.UseNpgsql(setup.Postgres));
            }

            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                NoteIt.Add(db, message, context);
                if (message.Text == "slow" && obeys)
                {
                    await Task.Delay(TimeSpan.FromMinutes(1), cancellationToken);
                }
                else if (message.Text == "slow")
                {
                    mayGoOn.Wait(CancellationToken.None);
                }
            };
        });
        try
        {
            for (var i = 0; i < slow; i++)
            {
                await arena.PublishAsync(new Noted("slow"));
            }

            await UntilDeferredAsync(arena, (uint)slow);
            await arena.PublishManyAsync(20, i => $"k{i}");

            await arena.UntilNotesAsync(20);
            await Eventually.EqualsAsync(obeys ? 0 : slow, () => Task.FromResult(loans.Open), TimeSpan.FromSeconds(20), "open loans");
        }
        finally
        {
            mayGoOn.Set();
        }

        await Eventually.EqualsAsync(0, () => Task.FromResult(loans.Open), TimeSpan.FromSeconds(20), "open loans");
    }

    private static void Shorten(ConsumerSetup setup)
    {
        RetryInAnHour(setup);
        setup.Settings["Inbox:HandlerTimeout"] = "500ms";
    }

    public sealed class Stubborn : IMessage
    {
        private readonly string _text = "";

        public static string MessageType => "test.stubborn.v1";

        public static ManualResetEventSlim MayGoOn { get; } = new();

        public string Text
        {
            get => _text;
            init
            {
                if (value == "stuck")
                {
                    MayGoOn.Wait(CancellationToken.None);
                }

                _text = value;
            }
        }
    }

    public sealed class NoteStubborn(NotesContext db) : IMessageHandler<Stubborn>
    {
        public Task HandleAsync(Stubborn message, MessageContext context, CancellationToken cancellationToken)
        {
            NoteIt.Add(db, new Noted(message.Text), context);
            return Task.CompletedTask;
        }
    }

    /// <summary>How many connections the scopes of handlers have in hand.</summary>
    private sealed class Loans(string postgres)
    {
        private int _open;

        public int Open => Volatile.Read(ref _open);

        public string Postgres => postgres;

        public void Count(int change) => Interlocked.Add(ref _open, change);
    }

    /// <summary>A connection of a scope's own.</summary>
    private sealed class Loan : IAsyncDisposable
    {
        private readonly Loans _loans;
        private readonly NpgsqlConnection _connection;

        public Loan(Loans loans)
        {
            _loans = loans;
            _connection = new NpgsqlConnection(loans.Postgres);
            _connection.Open();
            loans.Count(1);
        }

        public async ValueTask DisposeAsync()
        {
            await _connection.DisposeAsync();
            _loans.Count(-1);
        }
    }

    private sealed class Borrower(NotesContext db, Handling handling, Loan loan) : IMessageHandler<Noted>
    {
        public Task HandleAsync(Noted message, MessageContext context, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(loan);
            return handling(db, message, context, cancellationToken);
        }
    }
}
