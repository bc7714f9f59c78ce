using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Inbox;

/// <summary>What the handlers of a batch that is saved together have put into their context and nobody has saved yet. Where one
/// of them would see or do something else than if each had been saved before the next one, nothing is saved at all.</summary>
internal sealed class UnsavedChanges : IDisposable
{
    private static readonly ConditionalWeakTable<DbContext, UnsavedChanges> Watched = [];

    private readonly DbContext _db;
    private readonly List<EntityEntry> _ofThisHandler = [];
    private readonly List<EntityEntry> _ofEarlierHandlers = [];

    public UnsavedChanges(DbContext db)
    {
        _db = db;
        _db.ChangeTracker.Tracked += OnTracked;
        Watched.Add(db, this);
    }

    /// <summary>Whether a handler has looked into the database while something of earlier ones was not there yet.</summary>
    public bool LookedPast { get; private set; }

    public static UnsavedChanges? Of(DbContext? db) => db is not null && Watched.TryGetValue(db, out var unsaved) ? unsaved : null;

    /// <summary>The handler uses the database. Not an exception at once: the handler might swallow it.</summary>
    public void Look() => LookedPast |= _ofEarlierHandlers.Count > 0;

    /// <summary>A handler has succeeded. What it has detached of its own until then is its own affair. What it has saved by itself stays in
    /// the list: the next ones may change it again.</summary>
    /// <exception cref="InvalidOperationException">It has looked past what earlier ones had changed.</exception>
    public void EndHandler()
    {
        if (LookedPast)
        {
            throw new InvalidOperationException("A handler has used the database before the changes of an earlier one were saved.");
        }

        _ofEarlierHandlers.AddRange(_ofThisHandler.Where(entry => entry.State != EntityState.Detached));
        _ofThisHandler.Clear();
    }

    /// <summary>Saves all of it.</summary>
    /// <exception cref="InvalidOperationException">Some of it is no longer tracked; nothing was saved.</exception>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        ThrowIfForgotten();
        await _db.SaveChangesAsync(cancellationToken);
    }

    public void Dispose()
    {
        Watched.Remove(_db);
        _db.ChangeTracker.Tracked -= OnTracked;
    }

    /// <summary>Saving writes only what is still tracked: a handler that clears the tracker, as some do after a save of their own,
    /// would take the changes of those before it along, whose messages would count as handled.</summary>
    private void ThrowIfForgotten()
    {
        // The entries themselves do not know that the tracker was cleared.
        var tracked = _db.ChangeTracker.Entries().Select(entry => entry.Entity).ToHashSet(ReferenceEqualityComparer.Instance);
        if (!_ofEarlierHandlers.TrueForAll(entry => tracked.Contains(entry.Entity)))
        {
            throw new InvalidOperationException(
                "A handler has removed from the change tracker what an earlier one had put there: the queue had better do without SaveTogether().");
        }
    }

    private void OnTracked(object? sender, EntityTrackedEventArgs tracked) => _ofThisHandler.Add(tracked.Entry);
}
