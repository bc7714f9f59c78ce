namespace Servers.Native;

/// <summary>The users that root runs the servers as, which their packages make. Anyone else runs them as himself.</summary>
internal static class ServerUser
{
    public static string? Postgres => Posix.IsRoot ? "postgres" : null;

    public static string? RabbitMq => Posix.IsRoot ? "rabbitmq" : null;

    /// <summary>Gives a directory and all below it to the user.</summary>
    public static async Task OwnAsync(string directory, string? user, CancellationToken cancellationToken)
    {
        if (user is null)
        {
            return;
        }

        var owned = await Command.RunAsync("chown", ["-R", $"{user}:", directory], TimeSpan.FromMinutes(1), cancellationToken);
        if (!owned.Succeeded)
        {
            throw new ServersException($"{directory} cannot be given to the user {user}: {owned.LastLine}");
        }
    }

    /// <summary>The command line that runs a program as the user.</summary>
    public static (string File, IReadOnlyList<string> Arguments) As(string? user, string file, params IReadOnlyList<string> arguments) =>
        user is null
            ? (file, arguments)
            : ("setpriv", [$"--reuid={user}", $"--regid={user}", "--init-groups", "--", file, .. arguments]);
}
