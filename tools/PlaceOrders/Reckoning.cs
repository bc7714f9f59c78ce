namespace PlaceOrders;

/// <summary>The last count of a run.</summary>
/// <param name="Tally">What was counted.</param>
/// <param name="CompleteAt">When the effects were first complete, or last moved.</param>
/// <param name="Open">What was still to come when it was waited for no longer; null where nothing was.</param>
internal sealed record Reckoning(Tally Tally, long CompleteAt, string? Open)
{
    /// <summary>Nothing was lost or doubled, and nothing is to come that could still be.</summary>
    public bool IsGood => Tally is { Lost: 0, Doubled: 0 } && Open is null;

    /// <summary>What there is against the run, a line each.</summary>
    public IEnumerable<string> Complaints() => [.. Tally.Complaints(), .. Open is { } open ? [$"unfinished: {open}"] : Array.Empty<string>()];
}
