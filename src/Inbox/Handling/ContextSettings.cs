using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Inbox;

/// <summary>What a handler may set on its context. The handlers of a batch share one, and none may be in for what an earlier one has
/// left behind: without detection, say, what it changes in a row that it has read would never be saved.</summary>
internal readonly record struct ContextSettings(
    bool DetectsChanges, bool LoadsLazily, QueryTrackingBehavior Tracking, CascadeTiming Cascades, CascadeTiming DeletesOrphans,
    int? CommandTimeout, bool Savepoints)
{
    public static ContextSettings Of(DbContext db) => new(
        db.ChangeTracker.AutoDetectChangesEnabled,
        db.ChangeTracker.LazyLoadingEnabled,
        db.ChangeTracker.QueryTrackingBehavior,
        db.ChangeTracker.CascadeDeleteTiming,
        db.ChangeTracker.DeleteOrphansTiming,
        db.Database.GetCommandTimeout(),
        db.Database.AutoSavepointsEnabled);

    public void Restore(DbContext db)
    {
        db.ChangeTracker.AutoDetectChangesEnabled = DetectsChanges;
        db.ChangeTracker.LazyLoadingEnabled = LoadsLazily;
        db.ChangeTracker.QueryTrackingBehavior = Tracking;
        db.ChangeTracker.CascadeDeleteTiming = Cascades;
        db.ChangeTracker.DeleteOrphansTiming = DeletesOrphans;
        db.Database.SetCommandTimeout(CommandTimeout);
        db.Database.AutoSavepointsEnabled = Savepoints;
    }
}
