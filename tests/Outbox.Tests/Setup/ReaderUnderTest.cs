using Npgsql;
using Outbox.Relay;

namespace Outbox.Tests;

/// <summary>The relay's reader alone, one pass at a time, with what it read and a clock that can be put forward.</summary>
internal sealed class ReaderUnderTest : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly PendingReader _reader;

    private ReaderUnderTest(NpgsqlConnection connection, OutboxTable table)
    {
        _connection = connection;
        Pulse = new StagePulse("read", Clock);
        Lookahead = new Lookahead(batchSize: 1_000, Clock);
        _reader = new PendingReader(connection, table, Lookahead, batchSize: 1_000, Pulse, Clock);
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
        var reader = new ReaderUnderTest(connection, new OutboxTable(
            await arena.Arena.ScalarAsync<uint>("SELECT 'outbox_message'::regclass::oid"),
            await arena.Arena.ScalarAsync<uint>("SELECT 'outbox_message_id_seq'::regclass::oid")));
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

    /// <summary>Has the server count what the reader's session has done so far.</summary>
    public async Task TellStatisticsAsync()
    {
        await using var flush = new NpgsqlCommand("SELECT pg_stat_force_next_flush()", _connection);
        await flush.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    internal sealed class ShiftedClock : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        /// <summary>By how much the time of day has been set back meanwhile.</summary>
        public TimeSpan SetBack { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift - SetBack;

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Shift.TotalSeconds * TimestampFrequency);
    }
}
