namespace OrderService.Http;

/// <summary>Collects what is wrong with a request, so that one answer tells all of it.</summary>
internal sealed class FieldErrors
{
    // A body of thousands of bad items would otherwise be answered with as many messages.
    private const int Most = 100;

    private readonly Dictionary<string, List<string>> _byField = new(StringComparer.Ordinal);
    private int _count;

    public void Add(string field, string fault)
    {
        if (!_byField.TryGetValue(field, out var faults))
        {
            _byField.Add(field, faults = []);
        }

        faults.Add(fault);
        if (++_count == Most)
        {
            ThrowIfAny();
        }
    }

    /// <exception cref="RequestRefusedException">Something was added.</exception>
    public void ThrowIfAny()
    {
        if (_count > 0)
        {
            throw new RequestRefusedException(
                StatusCodes.Status400BadRequest, "The request is not valid.", _byField.ToDictionary(field => field.Key, field => field.Value.ToArray()));
        }
    }
}
