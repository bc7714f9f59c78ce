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
