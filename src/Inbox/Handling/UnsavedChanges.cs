using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Inbox;

/// <summary>What the handlers of a batch that is saved together have put into their context and nobody has saved yet. Where one
/// of them would see or do something else than if each had been saved before the next one, nothing is saved at all.</summary>
internal sealed class UnsavedChanges : IDisposable
{
    private readonly DbContext _db;
    private readonly List<EntityEntry> _ofThisHandler = [];
    private readonly List<EntityEntry> _ofEarlierHandlers = [];
    private bool _hasRemoved;
    private bool _hasAttached;

    public UnsavedChanges(DbContext db)
    {
        _db = db;
        _db.ChangeTracker.Tracked += OnTracked;
        _db.ChangeTracker.StateChanged += OnStateChanged;
    }

    /// <summary>Why these handlers are not to be saved together; null as long as nothing speaks against it.</summary>
    public string? Unfit { get; private set; }

    /// <summary>The handler uses the database, and would not find there what earlier ones have changed. Not an exception at once: the
    /// handler might swallow it.</summary>
    public void Look()
    {
        if (_ofEarlierHandlers.Count > 0)
        {
            Unfit = "one of them has used the database before the changes of an earlier one were saved";
        }
    }

    /// <summary>The next handler begins. What one has detached of its own until then is its own affair. What it has saved by itself stays
    /// in the list: the next ones may change it again.</summary>
    public void BeginHandler()
    {
        if (_hasRemoved)
        {
            // EF Core looks in the context first, and finds what is removed there: a change to it is saved nowhere.
            Unfit = "one of them has removed a row, which a later one would still find";
        }
        else if (_hasAttached)
        {
            Unfit = "one of them has attached a row that it has not read, which a later one would find in place of what is stored";
        }

        _ofEarlierHandlers.AddRange(_ofThisHandler.Where(entry => entry.State != EntityState.Detached));
        _ofThisHandler.Clear();
    }

    /// <exception cref="InvalidOperationException">There is something that speaks against it.</exception>
    public void ThrowIfUnfit()
    {
        if (Unfit is not null)
        {
            throw new InvalidOperationException($"The handlers cannot be saved together: {Unfit}.");
        }
    }

    /// <summary>Saves all of it.</summary>
    /// <exception cref="InvalidOperationException">Something speaks against it: what was saved must be rolled back.</exception>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        if (_ofEarlierHandlers.Count > 0)
        {
            // The entries themselves do not know that the tracker was cleared.
            var tracked = _db.ChangeTracker.Entries().Select(entry => entry.Entity).ToHashSet(ReferenceEqualityComparer.Instance);
            if (!_ofEarlierHandlers.TrueForAll(entry => tracked.Contains(entry.Entity)))
            {
                // Saving writes only what is still tracked: the messages of those handlers would count as handled without effect.
                Unfit = "one of them has removed from the change tracker what an earlier one had put there";
            }
        }

        ThrowIfUnfit();
        // Every row changes its state now.
        _db.ChangeTracker.StateChanged -= OnStateChanged;
        await _db.SaveChangesAsync(cancellationToken);
        // What an override of SaveChanges or an interceptor has looked for was not there yet either.
        ThrowIfUnfit();
    }

    public void Dispose()
    {
        _db.ChangeTracker.Tracked -= OnTracked;
        _db.ChangeTracker.StateChanged -= OnStateChanged;
    }

    private void OnTracked(object? sender, EntityTrackedEventArgs tracked)
    {
        _ofThisHandler.Add(tracked.Entry);
        _hasRemoved |= tracked.Entry.State == EntityState.Deleted;
        _hasAttached |= !tracked.FromQuery && MayDifferFromItsRow(tracked.Entry);
    }

    /// <summary>Whether it has values that are neither stored nor to be saved: a key that stands for a whole row, say.</summary>
    private static bool MayDifferFromItsRow(EntityEntry entry) =>
        entry.State is EntityState.Unchanged or EntityState.Modified
        && entry.Properties.Any(property => !property.IsModified && property.Metadata.GetAfterSaveBehavior() == PropertySaveBehavior.Save);

    private void OnStateChanged(object? sender, EntityStateChangedEventArgs changed) => _hasRemoved |= changed.NewState == EntityState.Deleted;
}
