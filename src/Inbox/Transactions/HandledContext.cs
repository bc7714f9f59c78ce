using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;

namespace Inbox;

/// <summary>A context while handlers have it in hand.</summary>
internal sealed class HandledContext : IDisposable
{
    private static readonly ConditionalWeakTable<DbContext, HandledContext> InHand = [];

    private readonly DbContext _db;
    private DbUpdateConcurrencyException? _conflict;

    public HandledContext(DbContext db, UnsavedChanges? unsaved)
    {
        _db = db;
        Unsaved = unsaved;
        _db.SaveChangesFailed += OnSaveChangesFailed;
        InHand.Add(db, this);
    }

    /// <summary>Null where each handler is saved before the next one runs.</summary>
    public UnsavedChanges? Unsaved { get; }

    public static HandledContext? Of(DbContext? db) => db is not null && InHand.TryGetValue(db, out var handled) ? handled : null;

    /// <summary>A conflict is no error of the database: what was sent along with the row that had changed is written, and no guard
    /// would keep it from being committed.</summary>
    /// <exception cref="InvalidOperationException">A handler has swallowed one.</exception>
    public void ThrowIfHalfSaved()
    {
        if (_conflict is not null)
        {
            throw new InvalidOperationException("A handler has gone on after a save that wrote only a part.", _conflict);
        }
    }

    public void Dispose()
    {
        InHand.Remove(_db);
        _db.SaveChangesFailed -= OnSaveChangesFailed;
    }

    private void OnSaveChangesFailed(object? sender, SaveChangesFailedEventArgs failed) => _conflict ??= failed.Exception as DbUpdateConcurrencyException;
}
