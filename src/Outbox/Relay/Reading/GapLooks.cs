namespace Outbox.Relay;

/// <summary>What a read is to look through: ranges of ids, each with the number of the watch that it waits for, 0 if it is looked
/// through in any case, and how many rows of it are to be found at most; and the transactions of each watch, of which one must have
/// ended by the read's own snapshot, with their transaction ids, where they have one.</summary>
internal readonly record struct GapLooks(long[] Lows, long[] Highs, int[] Watches, int[] Mosts, int[] HolderWatches, string[] Holders, long?[] HolderXids)
{
    /// <summary>How many ids there are in the ranges that are looked through in any case.</summary>
    public double Width => Lows.Zip(Highs, Watches).Where(range => range.Third == 0).Sum(range => (double)range.Second - range.First + 1);

    /// <summary>With one more range, which is looked through in any case.</summary>
    public GapLooks And(long low, long high, int most) =>
        this with { Lows = [.. Lows, low], Highs = [.. Highs, high], Watches = [.. Watches, 0], Mosts = [.. Mosts, most] };
}
