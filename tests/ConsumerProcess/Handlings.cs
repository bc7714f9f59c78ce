using System.Diagnostics;
using Microsoft.EntityFrameworkCore;

namespace Inbox.Tests;

/// <summary>What the handler of a consumer process can be told to do.</summary>
internal static class Handlings
{
    public static Handling Named(string? name) => name switch
    {
        "slow" => SlowAsync,
        "slow once" => SlowOnceAsync,
        "fail" => Fail,
        "fail once" => FailOnce,
        "kill" => Kill,
        "hot rows" => HotRowsAsync,
        _ => NoteIt.Default,
    };

    private static async Task SlowAsync(NotesContext db, Noted message, MessageContext context, CancellationToken cancellationToken)
    {
        NoteIt.Add(db, message, context);
        await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
    }

    /// <summary>Slow for the message with the text "slow" alone.</summary>
    private static Task SlowOnceAsync(NotesContext db, Noted message, MessageContext context, CancellationToken cancellationToken)
    {
        NoteIt.Add(db, message, context);
        return message.Text == "slow" ? Task.Delay(TimeSpan.FromSeconds(5), cancellationToken) : Task.CompletedTask;
    }

    private static Task Fail(NotesContext db, Noted message, MessageContext context, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("told to fail");

    private static Task FailOnce(NotesContext db, Noted message, MessageContext context, CancellationToken cancellationToken)
    {
        NoteIt.Add(db, message, context);
        return context.Attempt <= 2 ? throw new InvalidOperationException("told to fail") : Task.CompletedTask;
    }

    /// <summary>As a stack overflow would.</summary>
    public static void EndProcess()
    {
        Process.GetCurrentProcess().Kill();
        Thread.Sleep(Timeout.Infinite);
    }

    /// <summary>The message with the text "killer" ends the process.</summary>
    private static Task Kill(NotesContext db, Noted message, MessageContext context, CancellationToken cancellationToken)
    {
        if (message.Text == "killer")
        {
            EndProcess();
        }

        NoteIt.Add(db, message, context);
        return Task.CompletedTask;
    }

    /// <summary>Changes two of twenty shared rows, the lower one first: messages that are handled one by one never deadlock.</summary>
    private static async Task HotRowsAsync(NotesContext db, Noted message, MessageContext context, CancellationToken cancellationToken)
    {
        var (one, other) = (message.Number % 20, message.Number * 7 % 20);
        await db.Database.ExecuteSqlAsync($"UPDATE hot SET value = value + 1 WHERE id = {Math.Min(one, other)}", cancellationToken);
        await db.Database.ExecuteSqlAsync($"UPDATE hot SET value = value + 1 WHERE id = {Math.Max(one, other)}", cancellationToken);
        NoteIt.Add(db, message, context);
    }
}
