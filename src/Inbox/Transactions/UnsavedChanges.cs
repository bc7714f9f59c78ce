using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Inbox;

/// <summary>What the handlers of a batch that is saved together have put into their context and nobody has saved yet. Saving
/// writes only what is still tracked: a handler that clears the tracker, as some do after a save of their own, would take the
/// changes of those before it along, whose messages would count as handled.</summary>
internal sealed class UnsavedChanges : IDisposable
{
    private readonly DbContext _db;
    private readonly List<EntityEntry> _ofThisHandler = [];
    private readonly List<EntityEntry> _ofEarlierHandlers = [];

    public UnsavedChanges(DbContext db)
    {
        _db = db;
        _db.ChangeTracker.Tracked += OnTracked;
    }

    /// <summary>The next handler begins. What one has detached of its own until then is its own affair. What was saved meanwhile stays in
    /// the list: it may have been changed again.</summary>
    public void BeginHandler()
    {
        _ofEarlierHandlers.AddRange(_ofThisHandler.Where(entry => entry.State != EntityState.Detached));
        _ofThisHandler.Clear();
    }

    /// <summary>Saves all of it.</summary>
    /// <exception cref="InvalidOperationException">Some of it is no longer tracked; nothing was saved.</exception>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        if (_ofEarlierHandlers.Count > 0)
        {
            // The entries themselves do not know that the tracker was cleared.
            var tracked = _db.ChangeTracker.Entries().Select(entry => entry.Entity).ToHashSet(ReferenceEqualityComparer.Instance);
            if (!_ofEarlierHandlers.TrueForAll(entry => tracked.Contains(entry.Entity)))
            {
                throw new InvalidOperationException(
                    "A handler has removed from the change tracker what an earlier one had put there: the queue had better do without SaveTogether().");
            }
        }

        await _db.SaveChangesAsync(cancellationToken);
    }

    public void Dispose() => _db.ChangeTracker.Tracked -= OnTracked;

    private void OnTracked(object? sender, EntityTrackedEventArgs tracked) => _ofThisHandler.Add(tracked.Entry);
}
