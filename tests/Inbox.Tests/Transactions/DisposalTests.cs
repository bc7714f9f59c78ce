using Microsoft.Extensions.DependencyInjection;

namespace Inbox.Tests.Transactions;

public sealed class DisposalTests(ServersFixture servers) : ArenaTests(servers)
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_handler_that_is_never_disposed_of_holds_nobody_up(bool blocks, bool fails)
    {
        var mayEnd = new TaskCompletionSource();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Timings = new Timings { Grace = TimeSpan.FromMilliseconds(200) };
            setup.Services = services => services.AddSingleton(mayEnd);
            setup.Describe = inbox => inbox.Queue(Arena.Queue, queue => queue.Handle<Noted, StuckAtItsEnd>());
            setup.Handling = (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                return fails && message.Text != "next" ? throw new InvalidOperationException("fails") : Task.CompletedTask;
            };
        });

        await Arena.PublishAsync(new Noted(blocks ? "blocks" : "waits"), key: "k");
        await Arena.PublishAsync(new Noted("next"), key: "k");

        try
        {
            await Arena.UntilNotesAsync(fails ? 1 : 2);
            await UntilDeferredAsync(fails ? 1u : 0u);
            Assert.Equal(1, await Arena.NotesAsync("text = 'next'"));
            await consumer.UntilLoggedAsync("was not disposed of within");
            await Arena.UntilSettledAsync(consumer);
        }
        finally
        {
            mayEnd.SetResult();
        }
    }

    [Fact]
    public async Task A_handler_that_disposes_of_its_context_keeps_nothing_else_of_its_scope()
    {
        var loans = new Loans();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Services = services => services.AddSingleton(loans).AddScoped<Loan>();
            setup.Describe = inbox => inbox.Queue(Arena.Queue, queue => queue.Handle<Noted, Borrower>());
            setup.Handling = async (db, message, context, _) =>
            {
                NoteIt.Add(db, message, context);
                await db.DisposeAsync();
            };
        });

        await Arena.PublishAsync(new Noted("disposes"));
        await UntilDeferredAsync();

        Assert.True(loans.Taken > 1);
        await Eventually.EqualsAsync(loans.Taken, () => Task.FromResult(loans.GivenBack), TimeSpan.FromSeconds(20), "loans that were given back");
        Assert.Equal(0, await Arena.NotesAsync());
    }

    /// <summary>How often something was borrowed by a scope, and given back.</summary>
    private sealed class Loans
    {
        private int _taken;
        private int _givenBack;

        public int Taken => Volatile.Read(ref _taken);

        public int GivenBack => Volatile.Read(ref _givenBack);

        public void Take() => Interlocked.Increment(ref _taken);

        public void GiveBack() => Interlocked.Increment(ref _givenBack);
    }

    private sealed class Loan : IDisposable
    {
        private readonly Loans _loans;

        public Loan(Loans loans)
        {
            _loans = loans;
            loans.Take();
        }

        public void Dispose() => _loans.GiveBack();
    }

    private sealed class Borrower(NotesContext db, Handling handling, Loan loan) : IMessageHandler<Noted>
    {
        public Task HandleAsync(Noted message, MessageContext context, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(loan);
            return handling(db, message, context, cancellationToken);
        }
    }

    /// <summary>Disposing of it ends when the test says so.</summary>
    private sealed class StuckAtItsEnd(NotesContext db, Handling handling, TaskCompletionSource mayEnd) : IMessageHandler<Noted>, IAsyncDisposable
    {
        private string? _text;

        public Task HandleAsync(Noted message, MessageContext context, CancellationToken cancellationToken)
        {
            _text = message.Text;
            return handling(db, message, context, cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            switch (_text)
            {
                case "blocks":
                    mayEnd.Task.Wait(CancellationToken.None);
                    break;
                case "waits":
                    await mayEnd.Task;
                    break;
            }
        }
    }
}
