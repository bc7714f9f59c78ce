namespace OrderService.Http;

/// <summary>Writes problems (RFC 9457) to those clients too that would rather have something else, such as HTML: there is nothing
/// else to give.</summary>
internal sealed class ProblemWriter : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public ValueTask WriteAsync(ProblemDetailsContext context)
    {
        // Fills in the title and the type of the status.
        var problem = TypedResults.Problem(context.ProblemDetails).ProblemDetails;
        return new ValueTask(context.HttpContext.Response.WriteAsJsonAsync(
            problem, problem.GetType(), options: null, "application/problem+json", context.HttpContext.RequestAborted));
    }
}
