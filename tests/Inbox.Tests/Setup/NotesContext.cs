using Microsoft.EntityFrameworkCore;

namespace Inbox.Tests;

/// <summary>What a handler did. Without any unique constraint, so that a doubled effect shows.</summary>
public sealed class Note
{
    public long Id { get; init; }

    public Guid MessageId { get; init; }

    public required string Text { get; init; }

    public int Number { get; init; }

    public string? Key { get; init; }

    public int Attempt { get; set; }
}

public sealed class NotesContext(DbContextOptions<NotesContext> options) : DbContext(options)
{
    public DbSet<Note> Notes => Set<Note>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddInbox();
        modelBuilder.Entity<Note>(note =>
        {
            note.ToTable("note");
            note.Property(n => n.Id).HasColumnName("id").UseIdentityAlwaysColumn();
            note.Property(n => n.MessageId).HasColumnName("message_id");
            note.Property(n => n.Text).HasColumnName("text").HasMaxLength(100);
            note.Property(n => n.Number).HasColumnName("number");
            note.Property(n => n.Key).HasColumnName("key");
            note.Property(n => n.Attempt).HasColumnName("attempt");
        });
    }
}
