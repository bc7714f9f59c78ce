namespace Inbox.Tests;

/// <summary>What the handler of a test does.</summary>
public delegate Task Handling(NotesContext db, Noted message, MessageContext context, CancellationToken cancellationToken);

/// <summary>The handler of these tests: one row for each message, unless the test says otherwise.</summary>
public sealed class NoteIt(NotesContext db, Handling handling) : IMessageHandler<Noted>
{
    public static Handling Default { get; } = (db, message, context, _) =>
    {
        Add(db, message, context);
        return Task.CompletedTask;
    };

    public static void Add(NotesContext db, Noted message, MessageContext context) => db.Notes.Add(new Note
    {
        MessageId = context.MessageId,
        Text = message.Text,
        Number = message.Number,
        Key = context.Key,
        Attempt = context.Attempt,
    });

    public Task HandleAsync(Noted message, MessageContext context, CancellationToken cancellationToken) =>
        handling(db, message, context, cancellationToken);
}

/// <summary>Removes the notes with the same text.</summary>
public sealed class EraseIt(NotesContext db) : IMessageHandler<Erased>
{
    public Task HandleAsync(Erased message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Notes.RemoveRange(db.Notes.Where(note => note.Text == message.Text));
        return Task.CompletedTask;
    }
}
