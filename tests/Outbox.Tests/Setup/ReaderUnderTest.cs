using Npgsql;
using Outbox.Relay;

namespace Outbox.Tests;

/// <summary>The relay's reader alone, one pass at a time, with what it read and a clock that can be put forward.</summary>
internal sealed class ReaderUnderTest : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly OwnerLock _owner;
    private readonly PendingReader _reader;

    private ReaderUnderTest(NpgsqlConnection connection, OwnerLock owner)
    {
        _connection = connection;
        _owner = owner;
        Pulse = new StagePulse("read", Clock);
        Lookahead = new Lookahead(batchSize: 1_000);
        _reader = new PendingReader(connection, owner, Lookahead, batchSize: 1_000, lease: TimeSpan.FromMinutes(1), Pulse, Clock);
    }

    public ShiftedClock Clock { get; } = new();

    public StagePulse Pulse { get; }

    public Lookahead Lookahead { get; }

    /// <summary>Has the reader begun, with the schemas to <paramref name="search"/> for its table.</summary>
    public static async Task<ReaderUnderTest> OpenAsync(OutboxArena arena, string search = "public", int commandTimeout = 30)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(arena.Arena.Postgres) { CommandTimeout = commandTimeout }.ConnectionString);
        await connection.OpenAsync();
        await using var path = new NpgsqlCommand($"SET search_path TO {search}", connection);
        await path.ExecuteNonQueryAsync();
        await OutboxDatabase.PrepareAsync(connection, CancellationToken.None);
        var owner = await OwnerLock.OpenAsync(Database.Of(arena), TimeSpan.FromMinutes(5), CancellationToken.None);
        var reader = new ReaderUnderTest(connection, owner);
        await reader._reader.BeginAsync(CancellationToken.None);
        return reader;
    }

    public async Task<bool> ReadAsync() => await _reader.ReadAsync(CancellationToken.None) != PageFound.Nothing;

    /// <summary>Takes everything that may be published now, as if it were confirmed at once.</summary>
    public IEnumerable<OutboxRow> TakeAll()
    {
        while (Lookahead.TryTake(out var row))
        {
            Lookahead.Confirmed(row);
            yield return row;
        }
    }

    /// <summary>Ends the session that owns the table, of which the reader's own session hears nothing.</summary>
    public Task LoseOwnershipAsync(OutboxArena arena) => arena.Arena.ExecuteAsync($"SELECT pg_terminate_backend({_owner.ProcessId}, 10000)");

    /// <summary>Reads until nothing is found, and marks all of it sent.</summary>
    /// <returns>How many rows were found.</returns>
    public async Task<int> SendAllAsync(OutboxArena arena)
    {
        var count = 0;
        while (await ReadAsync())
        {
            var ids = TakeAll().Select(row => row.Id).ToArray();
            await arena.Arena.ExecuteAsync("UPDATE outbox_message SET sent_at = now() WHERE id = ANY ($1)", ids);
            Lookahead.Marked(ids);
            count += ids.Length;
        }

        return count;
    }

    /// <summary>How many entries of the index of pending rows have been walked until now, by the statistics of the server.</summary>
    public async Task<long> WalkedAsync(OutboxArena arena)
    {
        await TellStatisticsAsync();
        return await arena.Arena.ScalarAsync<long>("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'outbox_message_pending'");
    }

    /// <summary>Has the server count what the reader's session has done so far.</summary>
    public async Task TellStatisticsAsync()
    {
        await using var flush = new NpgsqlCommand("SELECT pg_stat_force_next_flush()", _connection);
        await flush.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _owner.DisposeAsync();
    }

    internal sealed class ShiftedClock : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        /// <summary>By how much the time of day has been set back meanwhile.</summary>
        public TimeSpan SetBack { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift - SetBack;

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Shift.TotalSeconds * TimestampFrequency);
    }
}
