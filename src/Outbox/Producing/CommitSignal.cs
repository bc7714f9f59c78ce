using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;

namespace Outbox;

/// <summary>Tells the relay of this process, if it has one, that messages were committed: sooner than the database's
/// notification. A hint only, which nothing depends on: other processes and other writers give none.</summary>
internal sealed class CommitSignal
{
    // A set: the values say nothing. Weak, since a context may be dropped without a commit.
    private readonly ConditionalWeakTable<DbContext, object> _writers = [];

    /// <summary>Raised when messages have become visible to everybody.</summary>
    public event Action? Committed;

    /// <summary>A message was added to <paramref name="db"/>, to be committed or not.</summary>
    public void Added(DbContext db) => _writers.AddOrUpdate(db, _writers);

    /// <summary><paramref name="db"/> has committed what was saved on it.</summary>
    public void ContextCommitted(DbContext db)
    {
        if (_writers.Remove(db))
        {
            Committed?.Invoke();
        }
    }
}
