using Bench.Setup;
using Npgsql;
using Outbox;

namespace Bench.Committing;

/// <summary>Stands in for a relay that sleeps. It holds the lock that makes each commit notify, and hears the notifications on a connection of
/// its own, as a relay does: waking it is part of what they cost. But it sleeps on, where a relay would wake up when messages follow
/// each other.</summary>
internal sealed class Sleeper : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly NpgsqlConnection _lock;
    private readonly NpgsqlConnection _listener;
    private readonly CancellationTokenSource _enough = new();
    private readonly Task _listening;
    private bool _heard;

    private Sleeper(NpgsqlConnection holder, NpgsqlConnection listener)
    {
        (_lock, _listener) = (holder, listener);
        _listener.Notification += (_, _) => Volatile.Write(ref _heard, true);
        _listening = Task.Run(ListenAsync);
    }

    /// <summary>Returns when it has heard of a commit: otherwise none has paid for its notification.</summary>
    public Task HeardAsync() => Eventually.IsTrueAsync(() => Task.FromResult(Volatile.Read(ref _heard)), Patience, "the relay that is asleep has heard of a commit");

    public static async Task<Sleeper> StartAsync(NpgsqlDataSource database)
    {
        var listener = await database.OpenConnectionAsync();
        await using (var oid = new NpgsqlCommand("SELECT 'outbox_message'::regclass::oid", listener))
        {
            await ExecuteAsync(listener, OutboxSql.Listen((uint)(await oid.ExecuteScalarAsync())!));
        }

        var holder = await database.OpenConnectionAsync();
        await ExecuteAsync(holder, $"SELECT pg_advisory_lock({OutboxSql.SleepLock}, 'outbox_message'::regclass::oid::int)");
        return new Sleeper(holder, listener);
    }

    /// <summary>Gives back at once what a connection would keep in its pool until it is taken again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await _listening;
        await ExecuteAsync(_lock, "SELECT pg_advisory_unlock_all()");
        await ExecuteAsync(_listener, "UNLISTEN *");
        await _lock.DisposeAsync();
        await _listener.DisposeAsync();
        _enough.Dispose();
    }

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                await _listener.WaitAsync(_enough.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
