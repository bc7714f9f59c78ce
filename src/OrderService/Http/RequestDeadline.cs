using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Options;

namespace OrderService.Http;

/// <summary>How long a request may work. Whatever it waits for then (a connection of the pool, a lock, the server) is given
/// up, and the client is told to come again: one bound for every kind of database trouble. An endpoint that needs longer says so with
/// <c>WithRequestTimeout</c>. Where the server has fallen silent it takes a little longer
/// (<see cref="Database.RequestCommands{TContext}"/>), and a commit that is under way is not given up. The deadline ends with the work:
/// what that has made is written however long the client takes to read it.</summary>
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

    /// <summary>After the routing.</summary>
    public static void UseRequestDeadline(this WebApplication app)
    {
        app.Use((context, next) =>
        {
            context.Items[typeof(RequestDeadline)] = context.RequestAborted;
            return next(context);
        });
        app.UseRequestTimeouts();
    }

    /// <summary>How long the request may work: as its endpoint says, in the order that ASP.NET asks it, or else <see cref="Bound"/>. Null where nothing
    /// bounds it.</summary>
    public static TimeSpan? BoundOf(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata is not { } metadata || metadata.GetMetadata<DisableRequestTimeoutAttribute>() is not null)
        {
            return null;
        }

        if (metadata.GetMetadata<RequestTimeoutPolicy>() is { } policy)
        {
            return policy.Timeout;
        }

        var timeout = metadata.GetMetadata<RequestTimeoutAttribute>();
        return timeout?.PolicyName is { } name
            ? context.RequestServices.GetRequiredService<IOptions<RequestTimeoutOptions>>().Value.Policies[name].Timeout
            : timeout?.Timeout ?? Bound;
    }

    /// <summary>Routes whose deadline ends with the work of their handlers.</summary>
    public static IEndpointRouteBuilder WithinDeadline(this IEndpointRouteBuilder routes) => routes.MapGroup("").AddEndpointFilter(EndWithWorkAsync);

    // A result that is written under the token of a deadline is cut off there, and its client takes it for whole.
    private static async ValueTask<object?> EndWithWorkAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var result = await next(invocation);
        var context = invocation.HttpContext;
        context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        context.RequestAborted = (CancellationToken)context.Items[typeof(RequestDeadline)]!;
        return result;
    }
}
