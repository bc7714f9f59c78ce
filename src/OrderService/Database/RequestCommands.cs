using Microsoft.EntityFrameworkCore;
using OrderService.Http;

namespace OrderService.Database;

/// <summary>Bounds each command of a request. Its deadline does not bound all of them: Npgsql cancels nothing while it waits for answers
/// to what it has sent ahead of a command (the reset of a connection from the pool, BEGIN), and a server that has fallen silent
/// never gives them.</summary>
internal sealed class RequestCommands<TContext>(RequestDelegate next)
    where TContext : DbContext
{
    // After the deadline, which is the gentler end: it lets the server end the command and keeps the connection.
    private static readonly TimeSpan AfterDeadline = TimeSpan.FromSeconds(1);

    public Task InvokeAsync(HttpContext context)
    {
        // Below zero is without end.
        if (RequestDeadline.BoundOf(context) is { } bound && bound > TimeSpan.Zero)
        {
            // Until the context goes back to its pool.
            context.RequestServices.GetRequiredService<TContext>().Database.SetCommandTimeout(bound + AfterDeadline);
        }

        return next(context);
    }
}
