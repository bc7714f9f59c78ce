using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Inbox.Tests.Transactions;

/// <summary>The network swallows what the database says, and nothing is reset.</summary>
public sealed class SilentDatabaseTests(ServersFixture servers) : ArenaTests(servers)
{
    [Theory]
    [InlineData("the database", true)]
    [InlineData("the database", false)]
    [InlineData("the session", true)]
    public async Task What_falls_silent_while_a_handler_runs_burns_no_attempt(string what, bool obeys)
    {
        await using var network = Proxy();
        var isDue = true;
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Postgres = Through(network);
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

        await Arena.PublishAsync(new Noted("unheard"));
        await consumer.UntilLoggedAsync("consuming pauses", 60);
        network.HoldsReplies = false;

        await Arena.UntilNotesAsync(1);
        Assert.Equal(1, await Arena.NotesAsync("attempt = 1"));
        Assert.Equal(0, consumer.Counts["inbox.retried"]);
    }

    /// <summary>Before a handler runs, or before COMMIT: neither has the bound of a handler.</summary>
    [Theory]
    [InlineData("INSERT INTO inbox_message")]
    [InlineData("pg_current_xact_id_if_assigned")]
    public async Task A_session_that_falls_silent_is_given_up_though_commands_may_take_as_long_as_they_like(string lastHeard)
    {
        await using var network = Proxy();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.Postgres = Through(network) + ";Command Timeout=0";
            setup.Settings["Inbox:HandlerTimeout"] = "1s";
            setup.Settings["Inbox:Retry:Immediate"] = "0";
        });

        network.SilenceAfter(lastHeard);
        await Arena.PublishAsync(new Noted("unheard"));

        await Arena.UntilNotesAsync(1, 60);
        await consumer.UntilLoggedAsync("consuming pauses");
        Assert.Equal(1, await Arena.NotesAsync("attempt = 1"));
        Assert.Equal(0, consumer.Counts["inbox.retried"]);
    }

    private TcpProxy Proxy()
    {
        var address = new NpgsqlConnectionStringBuilder(Arena.Servers.Postgres);
        return TcpProxy.Start(address.Host!, address.Port);
    }

    private string Through(TcpProxy network) =>
        new NpgsqlConnectionStringBuilder(Arena.Servers.Postgres) { Host = "127.0.0.1", Port = network.Port }.ConnectionString;
}
