using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Servers;

namespace Outbox.Tests;

/// <summary>An arena with the outbox table in its database, and a tap for the messages of these tests.</summary>
public sealed class OutboxArena : IAsyncDisposable
{
    private readonly List<RelayUnderTest> _relays = [];

    private OutboxArena(TestArena arena)
    {
        Arena = arena;
        Exchange = arena.Name + ".events";
    }

    public TestArena Arena { get; }

    public string Exchange { get; }

    public static Task<OutboxArena> CreateAsync(ServersFixture servers) => CreateAsync(servers.Servers);

    public static async Task<OutboxArena> CreateAsync(ServerPair servers)
    {
        var arena = new OutboxArena(await TestArena.CreateAsync(servers));
        await using var db = arena.NewContext();
        await db.Database.EnsureCreatedAsync();
        await arena.Arena.ExecuteAsync(OutboxSql.CreateWakeUp);
        return arena;
    }

    public NotesContext NewContext(OutboxOptions? options = null, Action<DbContextOptionsBuilder>? more = null)
    {
        var builder = new DbContextOptionsBuilder<NotesContext>();
        builder.UseNpgsql(Arena.Postgres).UseOutbox(options ?? new OutboxOptions { Exchange = Exchange });
        more?.Invoke(builder);
        return new NotesContext(builder.Options);
    }

    public Task<Tap> OpenTapAsync() => Tap.OpenAsync(Arena.RabbitMq, Exchange, NoteTaken.MessageType);

    /// <summary>Starts a relay in this process; stopped with the arena at the latest.</summary>
    public Task<RelayUnderTest> StartRelayAsync(params (string Name, string Value)[] settings) => StartRelayAsync(_ => { }, settings);

    /// <summary>The same, with services of the test's own in place of the relay's.</summary>
    public async Task<RelayUnderTest> StartRelayAsync(Action<IServiceCollection> services, params (string Name, string Value)[] settings)
    {
        var relay = await RelayUnderTest.StartAsync(this, services, settings);
        _relays.Add(relay);
        return relay;
    }

    /// <summary>Commits messages numbered from <paramref name="first"/> in one transaction, each with a key if given.</summary>
    public async Task AddNotesAsync(int first, int count, Func<int, string?>? key = null)
    {
        await using var db = NewContext();
        for (var number = first; number < first + count; number++)
        {
            db.AddMessage(new NoteTaken(number, "text"), key?.Invoke(number));
        }

        await db.SaveChangesAsync();
    }

    /// <summary>Inserts a row as a writer in another language would; returns its id.</summary>
    public Task<long> InsertAsync(string columns = "", string values = "", string? exchange = null, string routingKey = "notes.note-taken.v1") =>
        Arena.ScalarAsync<long>(
            $"""
            INSERT INTO outbox_message (exchange, routing_key, type, body{columns})
            VALUES ($1, $2, 'notes.note-taken.v1', '\x7b7d'{values}) RETURNING id
            """,
            exchange ?? Exchange, routingKey);

    public Task<long> CountAsync(string where) => Arena.ScalarAsync<long>($"SELECT count(*) FROM outbox_message WHERE {where}");

    public Task AllSentAsync(TimeSpan deadline) =>
        Eventually.EqualsAsync(0L, () => CountAsync("sent_at IS NULL AND parked_at IS NULL"), deadline, "rows left to send");

    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(Arena.Postgres);
        await connection.OpenAsync();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var relay in _relays)
        {
            await relay.DisposeAsync();
        }

        await Arena.DisposeAsync();
    }
}
