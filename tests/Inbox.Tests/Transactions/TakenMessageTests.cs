using Messaging;

namespace Inbox.Tests.Transactions;

public sealed class TakenMessageTests(ServersFixture servers) : ArenaTests(servers)
{
    [Fact]
    public async Task What_a_handler_does_to_its_message_is_not_there_at_the_next_try()
    {
        void Describe(ConsumerSetup setup)
        {
            setup.Settings["Inbox:Lanes"] = "1";
            setup.Describe = inbox => inbox.Queue(Arena.Queue, queue => queue.Handle<Listed, DrainIt>());
        }

        await Arena.DeclareAsync(Describe);
        for (var number = 0; number < 10; number++)
        {
            var properties = InboxArena.Properties(Guid.CreateVersion7());
            properties.Type = Listed.MessageType;
            await Arena.PublishRawAsync(properties, MessageSerializer.Default.Encode(new Listed(number, ["one", "two"])));
        }

        await using var consumer = await Arena.ConsumeAsync(Describe);

        await Arena.UntilNotesAsync(10);
        Assert.Equal(10, await Arena.NotesAsync("text = '2'"));
    }

    public sealed record Listed(int Number, List<string> Lines) : IMessage
    {
        public static string MessageType => "test.listed.v1";
    }

    /// <summary>Empties the message, and fails once for one in the middle: its neighbours are rolled back too.</summary>
    public sealed class DrainIt(NotesContext db) : IMessageHandler<Listed>
    {
        public Task HandleAsync(Listed message, MessageContext context, CancellationToken cancellationToken)
        {
            db.Notes.Add(new Note { MessageId = context.MessageId, Text = $"{message.Lines.Count}", Number = message.Number, Attempt = context.Attempt });
            message.Lines.Clear();
            return message.Number == 7 && context.Attempt == 1 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
        }
    }
}
