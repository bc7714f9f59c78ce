using Messaging;

namespace Inbox.Tests;

/// <summary>The message of these tests as somebody reads it whom the text "killer" ends.</summary>
internal sealed record Deadly : IMessage
{
    public Deadly(string text, int number)
    {
        if (text == "killer")
        {
            Handlings.EndProcess();
        }

        (Text, Number) = (text, number);
    }

    public static string MessageType => Noted.MessageType;

    public string Text { get; }

    public int Number { get; }
}

/// <summary>Notes it.</summary>
internal sealed class NoteDeadly(NotesContext db) : IMessageHandler<Deadly>
{
    public Task HandleAsync(Deadly message, MessageContext context, CancellationToken cancellationToken)
    {
        NoteIt.Add(db, new Noted(message.Text, message.Number), context);
        return Task.CompletedTask;
    }
}
