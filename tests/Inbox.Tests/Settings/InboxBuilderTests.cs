using Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox.Tests.Settings;

public sealed class InboxBuilderTests
{
    [Fact]
    public void A_queue_without_a_handler_is_refused() => Refused(inbox => inbox.Queue("q", _ => { }), "no handler");

    [Fact]
    public void A_queue_that_is_described_twice_is_refused() => Refused(
        inbox => inbox.Queue("q", queue => queue.Handle<Noted, NoteIt>()).Queue("q", queue => queue.Handle<Noted, NoteIt>()), "there already");

    [Fact]
    public void A_second_handler_for_a_message_in_one_queue_is_refused() => Refused(
        inbox => inbox.Queue("q", queue => queue.Handle<Noted, NoteIt>().Handle<Noted, NoteIt>()), "needs a queue of its own");

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("long")]
    public void A_malformed_queue_name_is_refused(string name) => Refused(
        inbox => inbox.Queue(name == "long" ? new string('q', 241) : name, queue => queue.Handle<Noted, NoteIt>()), "1 to 240 UTF-8 bytes");

    [Fact]
    public void Two_messages_of_one_wire_name_in_one_queue_are_refused() => Refused(
        inbox => inbox.Queue("q", queue => queue.Handle<Noted, NoteIt>().Handle<Named, HandleIt>()), "needs a queue of its own", wireName: Noted.MessageType);

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("long")]
    public void A_malformed_wire_name_is_refused(string name) => Refused(
        inbox => inbox.Queue("q", queue => queue.Handle<Named, HandleIt>()), "Named.MessageType",
        wireName: name == "long" ? new string('é', 128) : name);

    [Theory]
    [InlineData(0)]
    [InlineData(1_001)]
    public void A_batch_size_out_of_bounds_is_refused(int size) => Assert.Throws<ArgumentOutOfRangeException>(
        () => Describe(inbox => inbox.Queue("q", queue => queue.Handle<Noted, NoteIt>().BatchSize(size))));

    [Fact]
    public void Consumers_without_an_inbox_are_refused()
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddInboxConsumers<NotesContext>());

        Assert.Contains("AddInbox<NotesContext>", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Consumers_that_are_added_twice_are_refused()
    {
        var services = new ServiceCollection().AddInbox<NotesContext>(inbox => inbox.Queue("q", queue => queue.Handle<Noted, NoteIt>()));
        services.AddInboxConsumers<NotesContext>();

        Assert.Throws<InvalidOperationException>(() => services.AddInboxConsumers<NotesContext>());
    }

    private static void Refused(Action<InboxBuilder> describe, string why, string wireName = "named")
    {
        Named.MessageType = wireName;
        Assert.Contains(why, Assert.Throws<ArgumentException>(() => Describe(describe)).Message, StringComparison.Ordinal);
    }

    private static void Describe(Action<InboxBuilder> describe) => new ServiceCollection().AddInbox<NotesContext>(describe);

    private sealed record Named : IMessage
    {
        public static string MessageType { get; set; } = "";
    }

    private sealed class HandleIt : IMessageHandler<Named>
    {
        public Task HandleAsync(Named message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
