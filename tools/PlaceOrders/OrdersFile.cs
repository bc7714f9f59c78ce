namespace PlaceOrders;

/// <summary>A JSON Lines file. Blank lines are passed over, but counted, so that a line's number is an editor's.</summary>
internal sealed class OrdersFile : IOrderSource
{
    private readonly string _path;

    /// <exception cref="PlacingException">The file cannot be read, or holds no orders.</exception>
    public OrdersFile(string path)
    {
        _path = path;
        try
        {
            Count = Read().Count();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new PlacingException($"--orders-file: {exception.Message}");
        }

        if (Count == 0)
        {
            throw new PlacingException($"--orders-file: {path} holds no orders.");
        }
    }

    public int Count { get; }

    public string Unit => "line";

    public bool MayBeBad => true;

    public string? CustomerPrefix => null;

    public IEnumerable<OrderRequest> Read() => File.ReadLines(_path)
        .Select((line, index) => new OrderRequest(index + 1, line))
        .Where(order => !string.IsNullOrWhiteSpace(order.Body));
}
