using Messaging;
using Microsoft.EntityFrameworkCore;

namespace Outbox.Tests;

/// <summary>The message of these tests.</summary>
public sealed record NoteTaken(int Number, string Text) : IMessage
{
    public static string MessageType => "notes.note-taken.v1";
}

/// <summary>The business row of these tests.</summary>
public sealed class Note
{
    public Guid Id { get; init; }

    public required string Text { get; set; }
}

public sealed class NotesContext(DbContextOptions<NotesContext> options) : DbContext(options)
{
    public DbSet<Note> Notes => Set<Note>();

    public DbSet<OutboxMessage> Outbox => Set<OutboxMessage>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Note>().ToTable("note");
        modelBuilder.AddOutbox();
    }
}
