using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Inbox;

/// <summary>A context that is disposed of and never used again.</summary>
internal static class RetiredContext
{
    // More than anybody opens a connection without closing it.
    private const int MostOpenings = 100;

    /// <summary>Nothing if it has no pool. A pool closes the connection of what it gets back, keeps nothing of which that fails, and has
    /// room for one less from then on.</summary>
    /// <exception cref="InvalidOperationException">It could not be kept from it.</exception>
    public static async Task KeepFromPoolAsync(DbContext db)
    {
        if (!IsOfPool(db))
        {
            return;
        }

        for (var closings = 0; ; closings++)
        {
            try
            {
                db.Database.SetDbConnection(new NoConnection(), contextOwnsConnection: true);
                return;
            }
            catch (InvalidOperationException) when (closings < MostOpenings)
            {
                // EF Core counts openings, and a transaction whose end has failed has left its own.
                await db.Database.CloseConnectionAsync();
            }
        }
    }

    private static bool IsOfPool(DbContext db)
    {
        try
        {
            return db.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.MaxPoolSize is not null;
        }
        catch (ObjectDisposedException)
        {
            // A handler has disposed of it, which one of a pool does not heed.
            return false;
        }
    }

    /// <summary>Can do nothing.</summary>
    private sealed class NoConnection : DbConnection
    {
        [AllowNull]
        public override string ConnectionString
        {
            get => throw Retired();
            set => throw Retired();
        }

        public override string Database => throw Retired();

        public override string DataSource => throw Retired();

        public override string ServerVersion => throw Retired();

        public override ConnectionState State => throw Retired();

        public override void ChangeDatabase(string databaseName) => throw Retired();

        public override void Close() => throw Retired();

        public override void Open() => throw Retired();

        protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => throw Retired();

        protected override DbCommand CreateDbCommand() => throw Retired();

        private static InvalidOperationException Retired() => new("The handler of this context did not end in time.");
    }
}
