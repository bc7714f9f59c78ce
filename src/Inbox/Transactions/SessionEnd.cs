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
    public static async Task EnforceAsync(NpgsqlConnection connection)
    {
        try
        {
            if (connection.State == ConnectionState.Open)
            {
                using var patience = new CancellationTokenSource(Patience);
                await using var other = (NpgsqlConnection)((ICloneable)connection).Clone();
                await other.OpenAsync(patience.Token);
                await using var command = new NpgsqlCommand(InboxSql.EndSession, other)
                {
                    Parameters = { new NpgsqlParameter<int> { TypedValue = connection.ProcessID } },
                };
                await command.ExecuteNonQueryAsync(patience.Token);
            }
        }
        catch (Exception)
        {
            // The server's own bound on idle transactions remains.
        }

        // A handler that runs on could otherwise reopen the connection, and write outside of any unit of work. The first
        // call finds the session ended, and throws before it has disposed of anything.
        for (var tries = 0; tries < 2; tries++)
        {
            try
            {
                await connection.DisposeAsync().AsTask().WaitAsync(Patience);
                return;
            }
            catch (Exception)
            {
                // It may also be in the middle of a command, which the end of its session ends too.
            }
        }
    }
}
