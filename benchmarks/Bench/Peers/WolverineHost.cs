using System.Globalization;
using Bench.Setup;

namespace Bench.Peers;

/// <summary>Wolverine at work, for one repeat.</summary>
internal sealed class WolverineHost(WolverineProgram program) : IContender
{
    public int? ProcessId => program.ProcessId;

    /// <summary>Empties the tables of its outbox and inbox of what an earlier repeat has left there.</summary>
    public static Task ForgetAsync(Database database) => database.ExecuteAsync(
        """
        DO $body$
        DECLARE envelopes regclass;
        BEGIN
            FOR envelopes IN SELECT oid FROM pg_class WHERE relname IN ('wolverine_outgoing_envelopes', 'wolverine_incoming_envelopes') LOOP
                EXECUTE 'TRUNCATE ' || envelopes;
            END LOOP;
        END
        $body$
        """);

    public Task CommitAsync(int messages, int committers) =>
        program.ExpectAsync(string.Create(CultureInfo.InvariantCulture, $"commit {messages} {committers}"), "committed");

    /// <summary>Commits some one by one, and then two hundred a second.</summary>
    /// <param name="uncounted">So many of those at the pace are not counted, as none is of those before.</param>
    /// <param name="messages">So many that come after them are.</param>
    /// <returns>When each of the latter was committed, by its business row's id.</returns>
    public async Task<IReadOnlyDictionary<Guid, long>> PaceAsync(int uncounted, int messages)
    {
        var said = await program.AskAsync(string.Create(CultureInfo.InvariantCulture, $"pace {uncounted} {messages}"));
        return said.Split(' ').Select(pair => pair.Split('=')).ToDictionary(
            pair => Guid.Parse(pair[0]), pair => long.Parse(pair[1], CultureInfo.InvariantCulture));
    }

    public async Task<long> WaitingAsync()
    {
        var outbox = await program.Database.ScalarAsync<string>("SELECT oid::regclass::text FROM pg_class WHERE relname = 'wolverine_outgoing_envelopes'");
        return await program.Database.ScalarAsync<long>($"SELECT count(*) FROM {outbox}");
    }

    public async ValueTask DisposeAsync() => await program.StopAsync();
}
