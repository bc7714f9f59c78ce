using Microsoft.AspNetCore.Http.Timeouts;

namespace OrderService.Http;

/// <summary>How long a request may work. Whatever it waits for then (a connection of the pool, a lock, the server) is given
/// up, and the client is told to come again: one bound for every kind of database trouble. Where the server has fallen silent it takes a
/// little longer (<see cref="Database.RequestCommands{TContext}"/>), and a commit that is under way is not given up.</summary>
internal static class RequestDeadline
{
    // Npgsql waits up to its cancellation timeout for the server to confirm that a command was given up: see ServiceDatabase.
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(3);

    public static IServiceCollection AddRequestDeadline(this IServiceCollection services) =>
        services.AddRequestTimeouts(options => options.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = Bound,
            TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable,
            WriteTimeoutResponse = ComeAgain.WriteAsync,
        });
}
