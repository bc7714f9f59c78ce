using Npgsql;

namespace Faults;

/// <summary>Everything that happens to a database and its sessions.</summary>
internal static class DatabaseCases
{
    private static readonly TimeSpan Deadlocked = TimeSpan.FromSeconds(20);

    public static IEnumerable<FaultCase> All =>
    [
        new("database-crash", "what is committed survives the database's immediate restart, and burns nobody's attempts", fault => RestartAsync(fault, fault.Database.Server.StopImmediatelyAsync, "restart -m immediate")),
        new("database-restart", "an orderly restart of the database is waited for", fault => RestartAsync(fault, fault.Database.Server.StopAsync, "restart -m fast")),
        new("database-sessions-ended", "sessions that the server ends are opened again, and what they had not committed is done again", EndSessionsAsync),
        new("database-outbox-locked", "while the outbox is locked orders are refused or wait, and nothing passes by", fault => LockAsync(fault, "outbox_message")),
        new("database-inbox-locked", "while the inbox is locked deliveries wait without being charged", fault => LockAsync(fault, "inbox_message")),
        new("database-orders-locked", "while the orders are locked nothing is half done", fault => LockAsync(fault, "orders")),
        new("database-connections-exhausted", "without a free connection everybody waits and comes again", ExhaustAsync),
        new("database-snapshot-held", "a snapshot that is held keeps no row from being read", HoldSnapshotAsync),
        new("database-prepared-transaction", "a row whose transaction stays prepared for a while is not passed by", PrepareAsync),
        new("database-serialization-failures", "a handler that loses against others runs again and is not charged", fault => ContendAsync(fault, PostgresErrorCodes.SerializationFailure)),
        new("database-deadlocks", "a handler that is the victim of a deadlock runs again and is not charged", DeadlockAsync),
        new("database-freeze", "a database that takes no new connections for a while is waited for", FreezeAsync),
    ];

    private static async Task RestartAsync(Injection fault, Func<Task> stop, string what)
    {
        for (var time = 0; time < 2; time++)
        {
            fault.Note(what);
            await stop();
            await fault.PauseAsync(0.1, 2);
            await fault.Database.Server.StartAsync(fault.Cancellation);
            await fault.PauseAsync(1.5, 2.5);
        }
    }

    private static async Task EndSessionsAsync(Injection fault)
    {
        for (var time = 0; time < 8; time++)
        {
            fault.Note("pg_terminate_backend");
            await fault.Database.TerminateSessionsAsync(fault.Cancellation);
            await fault.PauseAsync(0.5, 1.2);
        }
    }

    private static async Task LockAsync(Injection fault, string table)
    {
        await using var session = await fault.Database.OpenAsync(fault.Cancellation);
        await using var transaction = await session.BeginTransactionAsync(fault.Cancellation);
        fault.Note($"{table} locked");
        await Database.ExecuteAsync(session, $"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", fault.Cancellation);
        await fault.PauseAsync(2, 5);
    }

    private static async Task ExhaustAsync(Injection fault)
    {
        fault.Note("connections exhausted");
        fault.ToHeal(() => fault.Database.ExecuteAsync($"ALTER ROLE {Database.Role} CONNECTION LIMIT -1", CancellationToken.None));
        await fault.Database.ExecuteAsync($"ALTER ROLE {Database.Role} CONNECTION LIMIT 5", fault.Cancellation);
        await fault.Database.TerminateSessionsAsync(fault.Cancellation);
        await fault.PauseAsync(2, 5);
    }

    private static async Task HoldSnapshotAsync(Injection fault)
    {
        await using var session = await fault.Database.OpenAsync(fault.Cancellation);
        await using var transaction = await session.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, fault.Cancellation);
        fault.Note("snapshot held");
        await Database.ExecuteAsync(session, "SELECT pg_current_xact_id()", fault.Cancellation);
        await fault.PauseAsync(6, 8);
    }

    // The id is taken long before the commit, by a transaction that no session belongs to any more.
    private static async Task PrepareAsync(Injection fault)
    {
        var order = Guid.NewGuid();
        var name = $"faults-{order:N}";
        fault.Note("prepared transaction");
        await fault.UntilAsync(() => TryPrepareAsync(fault, order, name), TimeSpan.FromSeconds(20), "a transaction meets a relay that is awake");
        fault.Load.Wrote(order);
        fault.ToHeal(() => fault.Database.ExecuteAsync($"COMMIT PREPARED '{name}'", CancellationToken.None));
        await fault.PauseAsync(3, 5);
    }

    // PostgreSQL refuses to prepare a transaction that has sent a NOTIFY, as one that meets a sleeping relay does.
    private static async Task<bool> TryPrepareAsync(Injection fault, Guid order, string name)
    {
        try
        {
            await fault.Database.ExecuteAsync(
                $"""
                BEGIN;
                {WrittenMessage.Insert(order)};
                PREPARE TRANSACTION '{name}'
                """,
                fault.Cancellation);
            return true;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.FeatureNotSupported)
        {
            return false;
        }
    }

    private static async Task ContendAsync(Injection fault, string state)
    {
        fault.Note($"SQLSTATE {state} for one effect in ten");
        fault.ToHeal(() => fault.Database.ExecuteAsync("DELETE FROM faults.mood", CancellationToken.None));
        await fault.Database.ExecuteAsync($"INSERT INTO faults.mood VALUES ('{state}')", fault.Cancellation);
        await fault.PauseAsync(4, 6);
    }

    // The service takes articles in order. The second half of them is held until somebody waits for it, and then the first half is wanted, of
    // which that one may hold some. The service is the victim: who waits first looks for a deadlock first, and looks once.
    private static async Task DeadlockAsync(Injection fault)
    {
        fault.ToHeal(() => LookForDeadlocksAsync(fault, "RESET deadlock_timeout"));
        await LookForDeadlocksAsync(fault, "SET deadlock_timeout = '100ms'");
        await using var session = await fault.Database.OpenAsync(fault.Cancellation);
        await Database.ExecuteAsync(session, "SET deadlock_timeout = '1min'", fault.Cancellation);
        var before = await DeadlocksAsync(fault);
        for (var time = 0; time < 10; time++)
        {
            await using var transaction = await session.BeginTransactionAsync(fault.Cancellation);
            await Database.ExecuteAsync(session, "SELECT FROM stock WHERE sku >= 'sku-5' ORDER BY sku FOR UPDATE", fault.Cancellation);
            await fault.UntilAsync(() => DoesAnybodyWaitAsync(fault, session.ProcessID), Deadlocked, "somebody waits for an article");
            fault.Note("articles locked backwards");
            await Database.ExecuteAsync(session, "SELECT FROM stock WHERE sku < 'sku-5' ORDER BY sku FOR UPDATE", fault.Cancellation);
        }

        await fault.UntilAsync(async () => await DeadlocksAsync(fault) > before, Deadlocked, "a deadlock is found");
    }

    private static async Task LookForDeadlocksAsync(Injection fault, string setting)
    {
        await fault.Database.ExecuteAsync($"ALTER SYSTEM {setting}", CancellationToken.None);
        await fault.Database.ExecuteAsync("SELECT pg_reload_conf()", CancellationToken.None);
    }

    private static Task<bool> DoesAnybodyWaitAsync(Injection fault, int holder) => fault.Database.ScalarAsync<bool>(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND @holder = ANY(pg_blocking_pids(pid)))",
        fault.Cancellation,
        ("holder", holder));

    private static Task<long> DeadlocksAsync(Injection fault) => fault.Database.ScalarAsync<long>(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()", fault.Cancellation);

    private static async Task FreezeAsync(Injection fault)
    {
        fault.Note("freeze postgres");
        fault.Database.Server.Send(Servers.Signal.Stop);
        fault.ToHeal(() => fault.Database.Server.Send(Servers.Signal.Continue));
        await fault.PauseAsync(2, 5);
    }
}
