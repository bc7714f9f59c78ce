namespace Outbox.Relay;

/// <summary>What a read is to look through: ranges of ids, each with the number of the watch that it waits for, 0 if it is looked
/// through in any case; and the transactions of each watch, of which one must have ended by the read's own snapshot.</summary>
internal readonly record struct GapLooks(long[] Lows, long[] Highs, int[] Watches, int[] HolderWatches, long[] HolderXids)
{
    /// <summary>How many ids there are in all ranges.</summary>
    public double Width => Lows.Zip(Highs, (low, high) => (double)high - low + 1).Sum();
}
