using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Inbox.Tests.Transactions;

public sealed class ContextSettingsTests
{
    [Fact]
    public void All_that_a_handler_may_set_is_put_back()
    {
        // Nothing is connected.
        using var db = new NotesContext(new DbContextOptionsBuilder<NotesContext>().UseNpgsql("Host=nowhere").Options);
        var before = ContextSettings.Of(db);

        db.ChangeTracker.AutoDetectChangesEnabled = false;
        db.ChangeTracker.LazyLoadingEnabled = false;
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        db.ChangeTracker.CascadeDeleteTiming = CascadeTiming.Never;
        db.ChangeTracker.DeleteOrphansTiming = CascadeTiming.OnSaveChanges;
        db.Database.SetCommandTimeout(7);
        db.Database.AutoSavepointsEnabled = false;
        Assert.Equal(
            new ContextSettings(false, false, QueryTrackingBehavior.NoTracking, CascadeTiming.Never, CascadeTiming.OnSaveChanges, 7, false),
            ContextSettings.Of(db));
        Assert.Equal(
            new ContextSettings(true, true, QueryTrackingBehavior.TrackAll, CascadeTiming.Immediate, CascadeTiming.Immediate, null, true), before);

        before.Restore(db);

        Assert.Equal(before, ContextSettings.Of(db));
    }
}
