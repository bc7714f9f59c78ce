using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Inbox.Tests.Transactions;

/// <summary>The network swallows what the database says, and nothing is reset.</summary>
[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class SilentDatabaseTests(ServersFixture servers)
{
    [Fact]
    public Task What_falls_silent_while_a_handler_runs_burns_no_attempt() => SideBySide.RunAsync(
        new(BurnsNoAttemptAsync("the database", obeys: true)),
        new(BurnsNoAttemptAsync("the database", obeys: false)),
        new(BurnsNoAttemptAsync("the session", obeys: true)));

    /// <summary>Before a handler runs, or before COMMIT: neither has the bound of a handler.</summary>
    [Fact]
    public Task A_session_that_falls_silent_is_given_up_though_commands_may_take_as_long_as_they_like() => SideBySide.RunAsync(
        new(IsGivenUpAsync("INSERT INTO inbox_message")),
        new(IsGivenUpAsync("pg_current_xact_id_if_assigned")));

    private async Task BurnsNoAttemptAsync(string what, bool obeys)
    {
        await using var arena = await InboxArena.CreateAsync(servers);
        await using var network = Proxy(arena);
        var isDue = true;
        await using var consumer = await arena.ConsumeAsync(setup =>
        {
            setup.Settings["Inbox:Retry:First"] = "1h";
            setup.Postgres = Through(arena, network);
            setup.Settings["Inbox:HandlerTimeout"] = "1s";
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                if (isDue)
                {
                    isDue = false;
                    network.HoldsReplies = what == "the database";
                    network.SilenceAfter("count(*)");
                    await db.Notes.CountAsync(obeys ? cancellationToken : CancellationToken.None);
                }

                NoteIt.Add(db, message, context);
            };
        });

        await arena.PublishAsync(new Noted("unheard"));
        await consumer.UntilLoggedAsync("consuming pauses", 60);
        network.HoldsReplies = false;

        await arena.UntilNotesAsync(1);
        Assert.Equal(1, await arena.NotesAsync("attempt = 1"));
        Assert.Equal(0, consumer.Counts["inbox.retried"]);
    }

    private async Task IsGivenUpAsync(string lastHeard)
    {
        await using var arena = await InboxArena.CreateAsync(servers);
        await using var network = Proxy(arena);
        await using var consumer = await arena.ConsumeAsync(setup =>
        {
            setup.Settings["Inbox:Retry:First"] = "1h";
            setup.Postgres = Through(arena, network) + ";Command Timeout=0";
            setup.Settings["Inbox:HandlerTimeout"] = "1s";
            setup.Settings["Inbox:Retry:Immediate"] = "0";
        });

        network.SilenceAfter(lastHeard);
        await arena.PublishAsync(new Noted("unheard"));

        await arena.UntilNotesAsync(1, 60);
        await consumer.UntilLoggedAsync("consuming pauses");
        Assert.Equal(1, await arena.NotesAsync("attempt = 1"));
        Assert.Equal(0, consumer.Counts["inbox.retried"]);
    }

    private static TcpProxy Proxy(InboxArena arena)
    {
        var address = new NpgsqlConnectionStringBuilder(arena.Servers.Postgres);
        return TcpProxy.Start(address.Host!, address.Port);
    }

    private static string Through(InboxArena arena, TcpProxy network) =>
        new NpgsqlConnectionStringBuilder(arena.Servers.Postgres) { Host = "127.0.0.1", Port = network.Port }.ConnectionString;
}
