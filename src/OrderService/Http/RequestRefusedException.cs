namespace OrderService.Http;

/// <summary>The client must change its request. The answer is a problem with <see cref="Errors"/>.</summary>
internal sealed class RequestRefusedException(int status, string title, IReadOnlyDictionary<string, string[]> errors) : Exception(title)
{
    /// <summary>400 with one fault.</summary>
    public RequestRefusedException(string field, string fault)
        : this(StatusCodes.Status400BadRequest, "The request is not valid.", new Dictionary<string, string[]> { [field] = [fault] })
    {
    }

    /// <summary>The HTTP status, 4xx.</summary>
    public int Status => status;

    /// <summary>Faults by field: a camelCase JSON path such as items[0].name, "$" for the whole body, or the name of a
    /// header or query parameter.</summary>
    public IReadOnlyDictionary<string, string[]> Errors => errors;
}
