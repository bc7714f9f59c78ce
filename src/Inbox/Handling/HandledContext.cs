using System.Data;
using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Inbox;

/// <summary>A context while handlers have it in hand.</summary>
internal sealed class HandledContext : IDisposable
{
    /// <summary>The name of the savepoint that lies below those of a handler.</summary>
    private const string Mark = "inbox handler";

    private static readonly ConditionalWeakTable<DbContext, HandledContext> InHand = [];

    private readonly DbContext _db;
    private readonly IDbContextTransaction _transaction;
    private readonly DbConnection _connection;
    private Exception? _halfSaved;
    private int _saving;
    private DbTransaction? _marked;

    public HandledContext(DbContext db, IDbContextTransaction transaction, UnsavedChanges? unsaved)
    {
        _db = db;
        _transaction = transaction;
        Unsaved = unsaved;
        _db.SavingChanges += OnSavingChanges;
        _db.SavedChanges += OnSavedChanges;
        _db.SaveChangesFailed += OnSaveChangesFailed;
        _connection = db.Database.GetDbConnection();
        _connection.StateChange += OnStateChange;
        InHand.Add(db, this);
    }

    /// <summary>Null where each handler is saved before the next one runs.</summary>
    public UnsavedChanges? Unsaved { get; }

    public static HandledContext? Of(DbContext? db) => db is not null && InHand.TryGetValue(db, out var handled) ? handled : null;

    /// <summary>The next handler begins. What the last one has left of savepoints ends with it, at the price of a round trip: rolling back to
    /// one of them would take the effects of all handlers since along, and leave their inbox rows.</summary>
    /// <exception cref="DbException">The transaction has failed, and the last one has swallowed that.</exception>
    public async Task BeginHandlerAsync(CancellationToken cancellationToken)
    {
        if (_marked is { } transaction)
        {
            _marked = null;
            await transaction.ReleaseAsync(Mark, cancellationToken);
        }

        Unsaved?.BeginHandler();
    }

    /// <summary>The handler has returned: what it has changed is saved, unless that is to be saved together with what others change.</summary>
    /// <exception cref="HandlerEndedTransactionException">It has ended the transaction.</exception>
    /// <exception cref="InvalidOperationException">It has swallowed that a save failed, or that the connection was lost; or it cannot be
    /// saved together with others.</exception>
    public async Task EndHandlerAsync(CancellationToken cancellationToken)
    {
        TransactionGuard.CheckStillOpen(_db, _transaction);
        if (Unsaved is not null)
        {
            Unsaved.ThrowIfUnfit();
        }
        else
        {
            // Now, so that the next handler of the batch sees it, and forgotten, so that it does not slow that one down.
            await _db.SaveChangesAsync(cancellationToken);
            _db.ChangeTracker.Clear();
        }

        // After that save: an override of SaveChanges may have swallowed what came of it too.
        ThrowIfHalfSaved();
    }

    /// <summary>A handler creates a savepoint. Below its first one comes the mark: nobody is told the names, and releasing the mark ends them
    /// all. Npgsql sends both with the next command.</summary>
    public void OnCreatingSavepoint(DbTransaction transaction)
    {
        Unsaved?.Look();
        if (_marked is null)
        {
            transaction.Save(Mark);
            _marked = transaction;
        }
    }

    /// <summary>The database knows nothing of a conflict, of what fails before it is sent, or of a save that is cancelled between two
    /// commands: what was sent before is written, and no guard would keep it from being committed. After an error of its own it commits
    /// nothing, unless the handler has rolled back to a savepoint.</summary>
    /// <exception cref="InvalidOperationException">A handler has swallowed that.</exception>
    public void ThrowIfHalfSaved()
    {
        // EF Core says nothing of a save that is cancelled, nor of one that does not begin though it was about to.
        if (_halfSaved is not null || _saving > 0)
        {
            throw new InvalidOperationException("A handler has gone on after a save that may have written only a part.", _halfSaved);
        }
    }

    public void Dispose()
    {
        InHand.Remove(_db);
        _db.SavingChanges -= OnSavingChanges;
        _db.SavedChanges -= OnSavedChanges;
        _db.SaveChangesFailed -= OnSaveChangesFailed;
        _connection.StateChange -= OnStateChange;
    }

    /// <summary>A connection that is lost stays lost, for those too who open it again without EF Core: what they wrote then would be committed
    /// statement by statement, without the record that the message was handled.</summary>
    private static void OnStateChange(object? connection, StateChangeEventArgs change)
    {
        if (change.OriginalState == ConnectionState.Open)
        {
            ((DbConnection)connection!).Dispose();
        }
    }

    /// <summary>What is saved after a handler has ended the transaction is committed at once, and so is what earlier handlers have left
    /// unsaved: their messages are handled again.</summary>
    /// <exception cref="HandlerEndedTransactionException">It has.</exception>
    private void OnSavingChanges(object? sender, SavingChangesEventArgs saving)
    {
        TransactionGuard.CheckStillOpen(_db, _transaction);
        _saving++;
    }

    private void OnSavedChanges(object? sender, SavedChangesEventArgs saved) => _saving--;

    private void OnSaveChangesFailed(object? sender, SaveChangesFailedEventArgs failed)
    {
        _saving--;
        if (!Causes.Of(failed.Exception).Any(cause => cause is PostgresException))
        {
            _halfSaved ??= failed.Exception;
        }
    }
}
