namespace Outbox.Relay;

/// <summary>Ids that reads have skipped. An identity value is taken before its transaction commits, so a skipped id may
/// become a row later; it is looked for whenever somebody who could have taken it has ended, until nobody is left.</summary>
internal sealed class GapRanges
{
    // So many ranges cost more to keep apart than it costs to walk once what lies between them.
    private const int MaxRanges = 1_000;

    private List<Gap> _gaps = [];

    /// <summary>True while some range waits to learn who may still fill it.</summary>
    public bool NeedHolders => _gaps.Exists(gap => !gap.Watch.LastLook);

    /// <summary>What the next read is to look through, for up to <paramref name="most"/> rows in each range. One of which nobody has ended
    /// since its last look holds nothing new: a large transaction that stays open leaves ids between all that others commit
    /// meanwhile.</summary>
    public GapLooks Looks(int most)
    {
        var numbers = new Dictionary<GapWatch, int>();
        var gaps = _gaps.ConvertAll(gap => new GapLook(gap.Low, gap.High, gap.IsDue ? 0 : Number(gap.Watch), most));
        var holders = numbers.SelectMany(pair => pair.Key.Holders, (pair, holder) => new GapHolder(pair.Value, holder.Key, holder.Value));
        return new GapLooks(gaps, [.. holders]);

        int Number(GapWatch watch) => numbers.TryGetValue(watch, out var number) ? number : numbers[watch] = numbers.Count + 1;
    }

    /// <summary>Begins with one range over everything up to <paramref name="high"/>.</summary>
    /// <param name="high">An id that has been given out.</param>
    /// <param name="holders">Who held ids after <paramref name="high"/> was read: nobody else can fill the range.</param>
    public void Begin(long high, Dictionary<string, long?> holders)
    {
        var watch = new GapWatch();
        watch.Observe(holders);
        _gaps = [new Gap(long.MinValue, high, watch)];
    }

    /// <summary>Takes in what one read has found.</summary>
    /// <param name="ids">All ids found, ascending.</param>
    /// <param name="complete">Up to this id the read has seen everything there was.</param>
    /// <param name="cursor">Where the page began; everything it skipped above becomes a gap.</param>
    public void Found(IReadOnlyList<long> ids, long complete, long cursor)
    {
        var next = new List<Gap>();
        var at = 0;
        foreach (var gap in _gaps)
        {
            var low = gap.Low;
            while (at < ids.Count && ids[at] <= gap.High)
            {
                AddRest(next, gap with { Low = low, High = ids[at] - 1 }, complete);
                low = Math.Max(low, ids[at++] + 1);
            }

            AddRest(next, gap with { Low = low }, complete);
        }

        var watch = new GapWatch();
        foreach (var id in ids)
        {
            if (id > cursor)
            {
                Add(next, new Gap(cursor + 1, id - 1, watch));
                cursor = id;
            }
        }

        _gaps = next.Count <= MaxRanges ? next : Fewer(next);
    }

    /// <summary>Takes in who holds ids at this moment, after the last read. A range whose every possible holder has ended
    /// gets one more look, by a read that begins after this: it sees whatever they committed.</summary>
    public void Observe(Dictionary<string, long?> holders)
    {
        foreach (var watch in _gaps.Select(gap => gap.Watch).Distinct())
        {
            watch.Observe(holders);
        }
    }

    /// <summary>Adds what is left of a range after a look up to <paramref name="complete"/>.</summary>
    private static void AddRest(List<Gap> gaps, Gap gap, long complete)
    {
        if (gap.IsDue && complete >= gap.Low)
        {
            var seen = Math.Min(complete, gap.High);
            if (!gap.Watch.LastLook)
            {
                Add(gaps, gap with { High = seen, Seen = gap.Watch.Changes });
            }

            if (seen == gap.High)
            {
                return;
            }

            gap = gap with { Low = seen + 1 };
        }

        Add(gaps, gap);
    }

    private static void Add(List<Gap> gaps, Gap gap)
    {
        if (gap.Low <= gap.High)
        {
            gaps.Add(gap);
        }
    }

    /// <summary>Neighbours that wait for the same holders become one range over what lies between them too. Where that is not enough
    /// all do and wait for all. Not so those of the last page, whose holders are not known yet: what waits for those who come later
    /// waits for ever where pages fall into so many ranges again and again.</summary>
    private static List<Gap> Fewer(List<Gap> gaps)
    {
        var fewer = new List<Gap>();
        foreach (var gap in gaps)
        {
            if (fewer.Count > 0 && fewer[^1].WaitsLike(gap))
            {
                fewer[^1] = fewer[^1] with { High = gap.High };
            }
            else
            {
                fewer.Add(gap);
            }
        }

        var known = fewer.FindAll(gap => gap.Watch.IsKnown);
        if (known.Count > MaxRanges)
        {
            fewer.RemoveAll(gap => gap.Watch.IsKnown);
            fewer.Insert(0, new Gap(known[0].Low, known[^1].High, GapWatch.OfAll(known.Select(gap => gap.Watch))));
        }

        return fewer;
    }

    // Seen: how often its watch had changed by the last look through it.
    private readonly record struct Gap(long Low, long High, GapWatch Watch, int Seen = 0)
    {
        public bool IsDue => Seen < Watch.Changes;

        public bool WaitsLike(Gap other) => !IsDue && !other.IsDue && Watch.IsLike(other.Watch);
    }
}
