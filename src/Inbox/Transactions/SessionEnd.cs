using System.Data;
using Npgsql;

namespace Inbox;

/// <summary>Ends the session of a handler that did not stop in time, and with it the transaction. A rollback would wait behind
/// the command that the handler may have left running.</summary>
internal static class SessionEnd
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Best effort: where the server cannot be asked, it ends the session by itself when its idle time is up. Afterwards
    /// the handler can neither use nor reopen <paramref name="connection"/>.</summary>
    /// <returns>False where the server does not answer.</returns>
    public static async Task<bool> EnforceAsync(NpgsqlConnection connection)
    {
        var answers = connection.State != ConnectionState.Open || await IsDoneAsync(() => AskServerAsync(connection));

        // A handler that runs on could otherwise reopen the connection, and write outside of any unit of work. The first
        // call finds the session ended, and throws before it has disposed of anything; it may also be in the middle of a
        // command, which the end of its session ends too.
        if (!await IsDoneAsync(() => connection.DisposeAsync().AsTask()))
        {
            await IsDoneAsync(() => connection.DisposeAsync().AsTask());
        }

        return answers;
    }

    private static async Task AskServerAsync(NpgsqlConnection connection)
    {
        // Late, the number may be that of another session.
        using var patience = new CancellationTokenSource(Patience);
        await using var other = (NpgsqlConnection)((ICloneable)connection).Clone();
        await other.OpenAsync(patience.Token);
        await using var command = new NpgsqlCommand(InboxSql.EndSession, other)
        {
            // While a connection from the pool is reset, no token ends the wait for the server.
            CommandTimeout = (int)Patience.TotalSeconds,
            Parameters = { new NpgsqlParameter<int> { TypedValue = connection.ProcessID } },
        };
        await command.ExecuteNonQueryAsync(patience.Token);
    }

    /// <summary>On a thread of its own: before Npgsql gives a command up, it asks a server that says nothing to cancel it, and blocks for longer
    /// than anybody here waits.</summary>
    private static async Task<bool> IsDoneAsync(Func<Task> step)
    {
        var doing = Task.Run(step);
        try
        {
            await doing.WaitAsync(Patience);
            return true;
        }
        catch (Exception)
        {
            // Where the server could not be asked its own bound on idle transactions remains.
            _ = doing.ContinueWith(late => _ = late.Exception, TaskScheduler.Default);
            return false;
        }
    }
}
