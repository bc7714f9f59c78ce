namespace PlaceOrders;

/// <summary>A request body of POST /orders.</summary>
/// <param name="Number">Its place in the source, from 1: the line of a file.</param>
/// <param name="Body">JSON.</param>
internal readonly record struct OrderRequest(int Number, string Body);

/// <summary>Where orders come from.</summary>
internal interface IOrderSource
{
    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>What one of them is called when there is something to say about it.</summary>
    string Unit { get; }

    /// <summary>Whether the service may refuse some of them without fault of its own.</summary>
    bool MayBeBad { get; }

    /// <summary>What the ids of all customers of this run, and of no other, begin with; null where that is not known.</summary>
    string? CustomerPrefix { get; }

    IEnumerable<OrderRequest> Read();
}
