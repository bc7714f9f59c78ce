using Npgsql;

namespace OrderService.Tests.Migrating;

/// <summary>The lock that migrations take, held by somebody else.</summary>
internal sealed class HeldHistory : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TestArena _arena;
    private readonly NpgsqlConnection _holder;

    private HeldHistory(TestArena arena, NpgsqlConnection holder) => (_arena, _holder) = (arena, holder);

    public static async Task<HeldHistory> TakeAsync(TestArena arena)
    {
        var holder = await arena.DataSource.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("""BEGIN; LOCK TABLE "__EFMigrationsHistory" IN ACCESS EXCLUSIVE MODE""", holder);
        await command.ExecuteNonQueryAsync();
        return new HeldHistory(arena, holder);
    }

    /// <summary>Returns when somebody has waited this long.</summary>
    public Task IsWaitedForAsync(TimeSpan time) => Eventually.IsTrueAsync(
        () => _arena.ScalarAsync<bool>(
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND now() - query_start > $1", time),
        Deadline, $"a migration waits for {time}");

    public async Task ReleaseAsync()
    {
        await using var command = new NpgsqlCommand("COMMIT", _holder);
        await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => _holder.DisposeAsync();
}
