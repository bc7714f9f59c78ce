namespace OrderService.Http;

/// <summary>Answers a refused request with a problem (RFC 9457) that names each field and its bound.</summary>
internal sealed class RefusalFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (RequestRefusedException refused)
        {
            return TypedResults.Problem(new HttpValidationProblemDetails(refused.Errors.ToDictionary())
            {
                Status = refused.Status,
                Title = refused.Message,
            });
        }
    }
}
