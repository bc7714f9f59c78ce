namespace Outbox.Relay;

/// <summary>What a read is to look through below its cursor, and whom that waits for.</summary>
internal sealed record GapLooks(IReadOnlyList<GapLook> Gaps, IReadOnlyList<GapHolder> Holders)
{
    /// <summary>How many ids there are in the ranges that are looked through in any case.</summary>
    public double Width => Gaps.Where(gap => gap.Watch == 0).Sum(gap => (double)gap.High - gap.Low + 1);

    /// <summary>With one more range, which is looked through in any case.</summary>
    public GapLooks And(long low, long high, int most) => this with { Gaps = [.. Gaps, new GapLook(low, high, Watch: 0, most)] };
}
